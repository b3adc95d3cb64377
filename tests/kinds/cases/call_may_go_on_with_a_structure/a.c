#ifdef NEW
#define V(old, new) new
#else
#define V(old, new) old
#endif
#define NI __attribute__((noinline))
extern volatile int two;
struct pair { long long a; int b, c; };
struct pair twice(struct pair);
NI int work(int n) { struct pair p = { n, 1, n }; return twice(p).c + V(1, 3); }
int start(void) { return work(two); }
