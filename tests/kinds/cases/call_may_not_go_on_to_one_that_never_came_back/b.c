#ifdef NEW
#define V(old, new) new
#else
#define V(old, new) old
#endif
#define NI __attribute__((noinline))
volatile int two = 2;
V(_Noreturn,) void fail(int n) { V(two = n; __builtin_trap();, two = n;) }
