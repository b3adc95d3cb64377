#ifdef NEW
#define V(old, new) new
#else
#define V(old, new) old
#endif
_Thread_local int first = V(3, 4);
__attribute__((noinline)) int use(int i) { first += i; return first; }
volatile int one = 1;
int start(void) { return use(one) + use(one); }
