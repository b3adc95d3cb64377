#ifdef NEW
#define V(old, new) new
#else
#define V(old, new) old
#endif
#define NI __attribute__((noinline))
NI int matches(const short *p, const short *q, int n) {
    int found = 0;
    while (n-- > 0) found += p[n] == q[n];
    return found;
}
static const short first[6] = { 3, 1, 4, 1, 5, 9 };
static const short last[6] = { 3, 1, 4, 3, V(5, 50), 8 };
NI int both(int n) { return matches(first, last, n); }
volatile int six = 6;
int start(void) { return both(six); }
