#ifdef NEW
#define OLD_NEW(a, b) b
#else
#define OLD_NEW(a, b) a
#endif
#define NOINLINE __attribute__((noinline))
template <class F> NOINLINE int twice(F f) { return f(1) + f(2); }
extern "C" NOINLINE int work(int a, int b) {
  int sum = 0;
#ifdef NEW
  { long long big = a; sum += twice([big, b](int k) { return (int)big + b * k; }); }
#endif
  sum += twice([a](int k) { return a + k; });
  sum += twice([a, b](int k) { return a * k - b; });
  return sum;
}
extern "C" int start() { return work(2, 3); }
