extern "C" int work(int), ask(void *, int), kind(void *);
#define NOINLINE extern "C" __attribute__((noinline))
struct Base {
  int n;
  virtual int rank(int m);
};
int Base::rank(int m) { return m; }
namespace {
struct Inner : Base {
  int rank(int m) override { return m + n; }
};
}
#ifdef NEW
extern "C" const int steps[6] = {5, 6, 7, 8, 9, 10};
#define STEP steps[n & 3]
#else
#define STEP 3
#endif
NOINLINE int work(int n) {
  Inner inner;
  inner.n = n;
  return ask(&inner, 4) * STEP + kind(&inner);
}
NOINLINE int ask(void *object, int m) { return ((Base *)object)->rank(m); }
