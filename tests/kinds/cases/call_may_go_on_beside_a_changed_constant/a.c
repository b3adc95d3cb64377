#ifdef NEW
#define V(old, new) new
#else
#define V(old, new) old
#endif
#define NI __attribute__((noinline))
extern volatile int two;
int at(int n);
NI int work(int n) { return n + two; }
int start(void) { return at(two) + work(1); }
