#ifdef NEW
#define V(old, new) new
#else
#define V(old, new) old
#endif
#define NI __attribute__((noinline))
volatile int two = 2;
static NI __attribute__((disable_tail_calls)) int work(int n) { return n > 1 ? work(n - 1) * V(2, 3) + two : n; }
int start(void) { return work(two) + work(two + 1); }
