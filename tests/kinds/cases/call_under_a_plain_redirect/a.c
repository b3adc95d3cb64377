#ifdef NEW
#define V(old, new) new
#else
#define V(old, new) old
#endif
#define NI __attribute__((noinline))
int work(void);
extern volatile int calls;
int outer(void) { return work() + V(1, 2); }
