#ifdef NEW
#define V(old, new) new
#else
#define V(old, new) old
#endif
#define NI __attribute__((noinline))
static const int limits[4] = { 1, 2, V(3, 30), 4 };
volatile int two = 2;
static const int *kept;
static int sum;
NI void keep(int a, int b, int c, int d, int e, const int *sixth) {
  sum += a + b + c + d + e;
  kept = sixth;
}
NI void work(int i) { keep(i, i + 1, i + 2, i + 3, i + 4, limits + i); }
int start(void) {
  work(two);
  return *kept + sum;
}
