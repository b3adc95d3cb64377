#ifdef NEW
#define V(old, new) new
#else
#define V(old, new) old
#endif
#define NI __attribute__((noinline))
struct record { int count; unsigned char rest[]; };
#ifdef NEW
static const int before[5] = { 1, 2, 3, 4, 5 };
#else
static const int before[2] = { 1, 2 };
#endif
static const struct record primes = { 6, { 2, 3, 5, 7, 11, 13 } };
static const int after[3] = { V(7, 8), 8, 9 };
NI int sum(const struct record *r) {
    int s = 0;
    for (int i = 0; i < r->count; i++) s += r->rest[i];
    return s;
}
NI int total(void) { return sum(&primes); }
NI int look(int n) { return before[n] + after[n]; }
volatile int one = 1, zero = 0;
int start(void) { return total() + look(one) + look(zero); }
