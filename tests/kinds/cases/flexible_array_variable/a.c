#ifdef NEW
#define V(old, new) new
#else
#define V(old, new) old
#endif
#define NI __attribute__((noinline))
struct record { int count; unsigned char rest[]; };
static struct record primes = { 4, { 2, 3, V(5, 6), 7 } };
NI int sum(struct record *r) {
    int s = 0;
    for (int i = 0; i < r->count; i++) s += r->rest[i]++;
    return s;
}
int start(void) { return sum(&primes); }
