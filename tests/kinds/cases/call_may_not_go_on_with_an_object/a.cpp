#ifdef NEW
#define V(old, new) new
#else
#define V(old, new) old
#endif
#define NI __attribute__((noinline))
extern "C" volatile int two;
struct pair { long long a; V(, pair(const pair &);) pair(long long); };
extern "C" long long take(pair);
extern "C" NI long long work(long long n) { return take(pair(n)) + V(1, 3); }
extern "C" int start() { return work(two); }
