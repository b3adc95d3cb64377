#ifdef NEW
#define V(old, new) new
#else
#define V(old, new) old
#endif
#define NI __attribute__((noinline))
struct record { int count; unsigned char rest[]; };
#ifdef NEW
static struct record primes = { 6, { 2, 3, 5, 7, 11, 13 } };
#endif
NI int sum(struct record *r) {
    int s = 0;
    for (int i = 0; i < r->count; i++) s += r->rest[i]++;
    return s;
}
volatile int one = 1;
NI int total(int n) {
#ifdef NEW
    return sum(&primes) + n;
#else
    return n + 5;
#endif
}
static struct record kept = { 2, { 4, 5 } };
int start(void) { return total(one) + sum(&kept); }
