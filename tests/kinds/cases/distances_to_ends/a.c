#ifdef NEW
#define X 77
#else
#define X 7
#endif
static const int a[4] = { 1, 2, 3, X };
static const int b[4] = { 11, 12, 13, 14 };
static const int c[4] = { 21, 22, 23, 24 };
volatile int one = 1;
__attribute__((noinline)) int last(int i) {
    static const int *const ends[] = { a + 4, b + 4, c + 4 };
    return ends[i][-1];
}
__attribute__((noinline)) int first(int i) {
    static const int *const starts[] = { a, b, c };
    return starts[i][0];
}
int start(void) { return (last(one - 1) + 2 * last(one) + first(one)) & 127; }
