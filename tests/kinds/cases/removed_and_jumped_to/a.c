#ifdef NEW
#define V(old, new) new
#else
#define V(old, new) old
#endif
#define NI __attribute__((noinline))
volatile int zero;
NI int step(int k) { return k + zero; }
static V(NI, inline __attribute__((always_inline))) int finish(int k) { return step(k) * V(2, 3) + zero; }
NI int work(int k) { return finish(k + zero); }
int start(void) { return work(4); }
