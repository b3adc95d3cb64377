extern const int first[], third[];
volatile int at = 2;
const int *volatile from, *volatile to;
__attribute__((noinline)) void keep(void) {
    from = first;
    to = third;
}
__attribute__((noinline)) int sum(int n) {
    keep();
#ifdef NEW
    return from[n] * to[n];
#else
    return from[n] + to[n];
#endif
}
int start(void) { return sum(at); }
