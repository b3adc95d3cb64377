#ifdef NEW
#define V(old, new) new
#else
#define V(old, new) old
#endif
#define NI __attribute__((noinline))
extern volatile int two;
V(, __attribute__((sysv_abi))) int sum(int a, int b);
NI int work(int n) { return sum(n, 3) + V(1, 3); }
int start(void) { return work(two); }
