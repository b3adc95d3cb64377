#ifdef NEW
#define V(old, new) new
#else
#define V(old, new) old
#endif
#define NI __attribute__((noinline))
static const int x[4] = { 1, 2, 3, 4 }, y[4] = { 5, 6, V(7, 17), 8 };
static const int *const rows[4] = { x + 1, y, x + 2, y + 2 };
static const char *const names[4] = { "zero", "one", V("two", "TWO"), "three" };
NI int row(unsigned k) { return rows[k & 3][0] + names[k & 3][1] V(, + 1); }
NI int stay(unsigned k) { return x[k & 3]; }
volatile unsigned three = 3, two = 2, one = 1;
int start(void) { return row(three) + row(two) * 2 + row(one) * 3 + stay(one); }
