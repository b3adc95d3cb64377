volatile int where;
__attribute__((noinline)) int corrupt(int line) { where = 1; return -11; }
#define CORRUPT corrupt(__LINE__)
#ifdef NEW
#define BASE 130
#else
#define BASE 100
#endif
#line BASE "a.c"
__attribute__((noinline)) int first(int n) {
    if (n > 5) return CORRUPT;
    return n + 1;
}
__attribute__((noinline)) int second(int n) {
    if (n > 7) return CORRUPT;
    return n * 3;
}
__attribute__((noinline)) int third(int n) {
    where = n;
    if (n & 1) return CORRUPT;
    return n ^ 9;
}
__attribute__((noinline)) int fourth(int n) {
    if (n == 4) return CORRUPT;
    return n - 1;
}
int start(void) { return first(2) + second(3) + third(4) + fourth(5) + where; }
