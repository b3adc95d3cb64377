#ifdef NEW
static __attribute__((noinline)) int clamp_data(int x) { return x > 3 ? 3 : x; }
#define CALLBACK clamp_data
#else
static __attribute__((noinline)) int on_data(int x) { return x; }
#define CALLBACK on_data
#endif
static int (*volatile slot)(int);
__attribute__((noinline)) void setup(void) { slot = CALLBACK; }
__attribute__((noinline)) int deliver(int x) { return slot(x); }
volatile int nine = 9;
int start(void) { setup(); return deliver(nine); }
