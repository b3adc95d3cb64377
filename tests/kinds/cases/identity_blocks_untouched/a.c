#ifdef NEW
static int before[3] = { 5, 6, 7 };
#endif
__attribute__((noinline)) int count(int a) {
    if (a > 5) { static int n = 2; n += a; return n; }
    { static int n = 2; n -= a; return n; }
}
__attribute__((noinline)) int other(int a) {
#ifdef NEW
    before[a & 1] += a;
    return before[a & 1] * 2;
#else
    return a * 2;
#endif
}
volatile int one = 1;
int start(void) { return count(one) + count(one * 7) + other(one) + 40; }
