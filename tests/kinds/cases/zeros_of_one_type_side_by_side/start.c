extern int first[], third[];
volatile int at = 2;
__attribute__((noinline)) void fill(int *p, int n) { p[n] = n; }
__attribute__((noinline)) int sum(int n) {
    fill(first, n);
    fill(third, n);
#ifdef NEW
    return n * 5;
#else
    return n * 3;
#endif
}
volatile int result;
int start(void) {
    result = sum(at);
    return result;
}
