#ifdef NEW
#define V(old, new) new
#else
#define V(old, new) old
#endif
#define NI __attribute__((noinline))
static const int limits[4] = { 1, 2, V(3, 33), 4 };
const int *volatile current = limits;
NI int limit(int n) { return current[n & 3]; }
volatile int two = 2;
int start(void) { return limit(two); }
