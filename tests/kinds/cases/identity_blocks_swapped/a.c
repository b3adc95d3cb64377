__attribute__((noinline)) int count(int a) {
#ifdef NEW
    if (a > 9) { static int n = 2; n -= a; return n; }
    if (a > 5) { static int n = 2; n += a + 1; return n; }
    { static int n = 2; n ^= a; return n; }
#else
    if (a <= 5) { static int n = 2; n ^= a; return n; }
    if (a <= 9) { static int n = 2; n += a; return n; }
    { static int n = 2; n -= a; return n; }
#endif
}
volatile int one = 1;
int start(void) { return count(one) + count(one * 7) + count(one * 11) + 20; }
