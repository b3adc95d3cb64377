#ifdef NEW
#define V(old, new) new
#else
#define V(old, new) old
#endif
#define NI __attribute__((noinline))
static const int limits[4] = { 1, 2, V(3, 30), 4 };
volatile int two = 2, count;
static const int *kept;
NI const int *odd(const int *p, int n);
NI const int *even(const int *p, int n) {
  if (n <= 0) return p;
  const int *r = odd(p, n - 1);
  count++;
  return r;
}
NI const int *odd(const int *p, int n) {
  const int *r = even(p, n - 1);
  count++;
  return r;
}
NI int one(void) { return *even(limits, two); }
NI void init(void) { kept = odd(limits, two - 1); count++; }
int start(void) { int first = one(); init(); return first + kept[2]; }
