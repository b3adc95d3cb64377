#define NI __attribute__((noinline))
#ifdef NEW
#define LAST 9
#else
#define LAST 4
#endif
static const int *const low = (const int[]){ 1, 2, 3, LAST };
static const int *const high = (const int[]){ 5, 6 };
NI int add(const int *p, const int *end) {
    int sum = 0;
    while (p != end) sum = sum * 3 + *p++;
    return sum;
}
NI int of_low(void) { return add(low, low + 4); }
NI int pick(const int *p, int n) { return p[n]; }
volatile int one = 1;
NI int of_high(void) { return pick(high, one); }
int start(void) { return of_low() + of_high() & 127; }
