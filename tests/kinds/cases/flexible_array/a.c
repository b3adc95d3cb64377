#ifdef NEW
#define V(old, new) new
#else
#define V(old, new) old
#endif
#define NI __attribute__((noinline))
struct record { int count; unsigned char rest[]; };
static const struct record primes = { 6, { 2, 3, 5, 7, V(11, 12), 13 } };
NI int sum(const struct record *r) {
    int s = 0;
    for (int i = 0; i < r->count; i++) s += r->rest[i];
    return s;
}
NI int total(void) { return sum(&primes); }
NI int other(int n) { return n * 2; }
volatile int two = 2;
int start(void) { return total() + other(two); }
