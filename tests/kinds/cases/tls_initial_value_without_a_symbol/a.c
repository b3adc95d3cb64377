_Thread_local int first = 3;
int hidden(void);
__attribute__((noinline)) int use(int i) { first += i; return first; }
volatile int one = 1;
int start(void) { return use(one) + use(one) + hidden(); }
