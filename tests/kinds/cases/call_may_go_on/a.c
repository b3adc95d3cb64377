#ifdef NEW
#define V(old, new) new
#else
#define V(old, new) old
#endif
#define NI __attribute__((noinline))
extern volatile int two;
int twice(int n);
NI int work(int n) { return twice(n) + V(1, 3); }
int start(void) { return work(two); }
