#ifdef NEW
#define V(old, new) new
#else
#define V(old, new) old
#endif
#define NI __attribute__((noinline))
extern volatile int two;
const int table[4] = { 1, 2, 3, V(4, 5) };
int is(const int *at);
NI int work(int n) { const int *at = table; two = is(at); return is(at) + n; }
int start(void) { return work(two); }
