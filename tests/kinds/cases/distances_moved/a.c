#ifdef NEW
#define V(old, new) new
#else
#define V(old, new) old
#endif
#define NI __attribute__((noinline))
static const int before[V(3, 9)] = { 1, 2, 3 };
static const int x[4] = { 1, 2, 3, 4 }, y[4] = { 5, 6, 7, 8 };
static const int *const rows[3] = { x + 1, y, x + 2 };
NI int row(unsigned k) { return *rows[k % 3]; }
NI int scale(int k) { return before[k & 1] V(, * 3); }
const int *all(int k) { return k > 5 ? y : k ? x : before; }
volatile int two = 2;
int start(void) { int n = all(two)[0]; return n + row(two) * 10 + scale(two); }
