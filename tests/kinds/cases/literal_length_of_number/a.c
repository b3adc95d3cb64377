#ifdef NEW
#define V(old, new) new
#else
#define V(old, new) old
#endif
#define NI __attribute__((noinline))
static const char *state;
NI void enter(int busy) { state = busy ? "idle" : "up"; }
NI int rate(int n) { return state == (const char *)"idle" ? V(8, 17) : n * 2 + 1; }
volatile int one = 1;
int start(void) { enter(one); return rate(one); }
