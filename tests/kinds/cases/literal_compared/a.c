#ifdef NEW
#define V(old, new) new
#else
#define V(old, new) old
#endif
#define NI __attribute__((noinline))
static const char *state;
NI void enter(int busy) { state = busy ? "working" : "at"; }
NI int rate(int n) { return state == (const char *)"working" ? n + V(11, 19) : n * 2; }
volatile int one = 1;
int start(void) { enter(one); return rate(one); }
