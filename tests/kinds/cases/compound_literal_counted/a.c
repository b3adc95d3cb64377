#define NI __attribute__((noinline))
#ifdef NEW
#define LAST 7
#else
#define LAST 6
#endif
static const int *const low = (const int[]){ 1, 2, 3, 4 };
static const int *const high = (const int[]){ 5, LAST };
NI int add(const int *p, int n) {
    int sum = 0;
    __asm__("" : "+r"(p), "+r"(n));
    while (n--) sum = sum * 3 + *p++;
    return sum;
}
NI int of_low(void) { return add(low, 4); }
NI int of_high(void) { return add(high, 2); }
int start(void) { return of_low() + of_high() & 127; }
