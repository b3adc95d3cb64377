#ifdef NEW
#define LIMIT 4
#else
#define LIMIT 3
#endif
__attribute__((noreturn)) void die(int);
volatile int bad, n = 5;
__attribute__((noinline)) int check(int x) {
    if (x > LIMIT) { bad = x; die(x); }
    return x + 1;
}
__attribute__((noinline)) void fail(int x) { bad = x + LIMIT; die(x); }
int start(void) {
    if (bad) fail(n);
    return check(n - 3);
}
