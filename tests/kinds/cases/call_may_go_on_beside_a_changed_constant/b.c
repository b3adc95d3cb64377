#ifdef NEW
#define V(old, new) new
#else
#define V(old, new) old
#endif
#define NI __attribute__((noinline))
volatile int two = 2;
static const int table[4] = { 1, 2, 3, V(4, 5) };
NI int at(int n) { return table[n + 1] + n; }
