#ifdef NEW
#define OLD_NEW(a, b) b
#else
#define OLD_NEW(a, b) a
#endif
#define NOINLINE __attribute__((noinline))
struct Hook { virtual int call(int k) { return k; } };
template <class F> struct Of : Hook { F f; Of(F f) : f(f) {} int call(int k) override { return f(k); } };
inline void *operator new(decltype(sizeof 0), void *p) { return p; }
alignas(16) static char room[64]; static Hook *hook;
extern "C" NOINLINE void set(int a, int b) {
  auto f = [a](int k) { return a + k; };
  auto g = [a 
#ifdef NEW
  , b
#endif
  ](int k) { return a * k OLD_NEW(, + b); };
  hook = new (room) Of<decltype(g)>(g); (void)f;
}
extern "C" NOINLINE int run(int k) { return hook->call(k); }
extern "C" int start() { set(2, 3); return run(4); }
