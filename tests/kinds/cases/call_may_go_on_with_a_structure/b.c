#ifdef NEW
#define V(old, new) new
#else
#define V(old, new) old
#endif
#define NI __attribute__((noinline))
struct pair { long long a; int b, c; };
volatile int two = 2;
NI struct pair twice(struct pair p) { p.c *= V(2, 4) + two; return p; }
