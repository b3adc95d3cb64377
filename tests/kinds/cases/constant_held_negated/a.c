#ifdef NEW
#define V(old, new) new
#else
#define V(old, new) old
#endif
#define NI __attribute__((noinline))
static const int limits[4] = { 1, 2, V(3, 30), 4 };
volatile int two = 2;
static long long negated;
NI void keep(int i) { negated = -(long long)(limits + i); }
NI int use(void) { return *(const int *)-negated; }
int start(void) {
  keep(two);
  return use();
}
