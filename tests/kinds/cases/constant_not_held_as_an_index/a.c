#ifdef NEW
#define V(old, new) new
#else
#define V(old, new) old
#endif
#define NI __attribute__((noinline))
static const int limits[4] = { 1, 2, V(3, 30), 4 };
volatile int wanted = 2;
static long long at;
NI const int *find(const int *from, const int *to, int value) {
  while (from != to && *from != value) from++;
  return from;
}
NI void keep(void) { at = find(limits, limits + 4, wanted) - limits; }
int start(void) {
  keep();
  return at * 3;
}
