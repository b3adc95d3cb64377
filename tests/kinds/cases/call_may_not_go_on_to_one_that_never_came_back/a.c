#ifdef NEW
#define V(old, new) new
#else
#define V(old, new) old
#endif
#define NI __attribute__((noinline))
extern volatile int two;
V(_Noreturn,) void fail(int n);
NI int work(int n) { if (n > 5) fail(n); return n + V(1, 3); }
int start(void) { return work(two); }
