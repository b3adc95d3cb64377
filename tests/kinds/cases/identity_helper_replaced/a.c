#ifdef NEW
static __attribute__((noinline)) int clamp(int x) { return x > 3 ? 3 : x; }
#define HELPER clamp
#else
static __attribute__((noinline)) int pass(int x) { return x + 1; }
#define HELPER pass
#endif
__attribute__((noinline)) int work(int x) { return HELPER(x) * 5; }
volatile int nine = 9;
int start(void) { return work(nine); }
