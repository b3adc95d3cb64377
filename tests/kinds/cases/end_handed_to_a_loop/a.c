#ifdef NEW
#define V(old, new) new
#else
#define V(old, new) old
#endif
#define NI __attribute__((noinline))
NI int digest(const short *p, const short *end) {
    int n = 0;
    while (p != end) n = (n * 5 + *p++) & 127;
    return n;
}
static const short first[6] = { 3, 1, 4, 1, 5, 9 };
static const short last[6] = { 2, 6, 5, 3, V(5, 50), 8 };
NI int of_first(void) { return digest(first, first + 6); }
NI int of_last(void) { return digest(last, last + 6); }
volatile int spare;
int start(void) { return (of_first() + of_last() + spare) & 127; }
