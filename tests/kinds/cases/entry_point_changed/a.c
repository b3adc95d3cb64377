#ifdef NEW
#define V(old, new) new
#else
#define V(old, new) old
#endif
#define NI __attribute__((noinline))
volatile int one = 1;
NI int work(int v) { return v + 2; }
int start(void) { return work(one) + V(1, 2); }
