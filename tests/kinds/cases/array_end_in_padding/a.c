#define NI __attribute__((noinline))
#ifdef NEW
static const int more[3] = { 50, 6, 7 };
#else
static const int more[3] = { 5, 6, 7 };
#endif
static const int *const limits[2] = { 0, more + 3 };
NI int all(const int *from, const int *to) {
    int sum = 0;
    while (from != to) sum = sum * 2 + *from++;
    return sum;
}
volatile int one = 1;
NI int run(int n) { return all(more, limits[n]); }
int start(void) { return run(one); }
