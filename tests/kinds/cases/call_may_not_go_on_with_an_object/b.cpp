#ifdef NEW
#define V(old, new) new
#else
#define V(old, new) old
#endif
#define NI __attribute__((noinline))
extern "C" { volatile int two = 2; }
struct pair { long long a; V(, pair(const pair &);) pair(long long); };
pair::pair(long long n) : a(n) {}
V(, pair::pair(const pair &from) : a(from.a) {})
extern "C" long long take(pair p) { return p.a + two; }
