#ifdef NEW
#define V(old, new) new
#else
#define V(old, new) old
#endif
#define NI __attribute__((noinline))
struct range { const int *from, *to; int count; };
static const int limits[4] = { 1, 2, V(3, 30), 4 };
volatile int two = 2;
NI struct range make(void) { struct range range = { limits, limits + 2, 4 }; return range; }
NI int work(int k) { struct range range = make(); return range.from[k]; }
int start(void) { return work(two); }
