#ifdef NEW
#define V(old, new) new
#else
#define V(old, new) old
#endif
#define NI __attribute__((noinline))
volatile int two = 2;
NI int twice(int n) { return n * V(2, 4) + two; }
