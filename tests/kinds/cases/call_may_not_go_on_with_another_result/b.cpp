#ifdef NEW
#define V(old, new) new
#else
#define V(old, new) old
#endif
#define NI __attribute__((noinline))
extern "C" { volatile int two = 2; }
struct pair { long long a; V(, pair(const pair &); pair();) };
V(, pair::pair() {} pair::pair(const pair &from) : a(from.a) {})
pair make() { pair p; p.a = two; return p; }
