#ifdef NEW
#define V(old, new) new
#else
#define V(old, new) old
#endif
#define NI __attribute__((noinline))
volatile int two = 2;
NI int first(int n, const int *more) { two = n; return n + V(1, *more); }
NI int work(int n) { static const int five = 5; return first(n, &five) + V(1, 3); }
int start(void) { return work(two); }
