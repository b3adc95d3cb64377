#ifdef NEW
#define V(old, new) new
#else
#define V(old, new) old
#endif
#define NI __attribute__((noinline))
volatile int two = 2;
V(, __attribute__((sysv_abi))) int sum(int a, int b) { return a * 10 + b + two; }
