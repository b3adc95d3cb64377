#ifdef NEW
#define V(old, new) new
#else
#define V(old, new) old
#endif
#define NI __attribute__((noinline))
static const int limits[4] = { 1, 2, V(3, 30), 4 };
volatile int two = 2;
static unsigned long long tagged;
NI int init(int i) { tagged = (unsigned long long)(limits + i) | 1ull << 63; return i; }
int start(void) { return init(two) + *(const int *)(tagged & ~(1ull << 63)); }
