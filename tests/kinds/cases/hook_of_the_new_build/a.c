#ifdef NEW
#define V(old, new) new
#else
#define V(old, new) old
#endif
#define NI __attribute__((noinline))
int state = V(3, 50);
NI int work(int v) { return v * V(2, 4) + state; }
#ifdef NEW
__attribute__((used)) int hotpatch_before_apply(void) { state = 50; return 0; }
#endif
volatile int two = 2;
