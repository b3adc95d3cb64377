#ifdef NEW
#define V(old, new) new
#else
#define V(old, new) old
#endif
#define NI __attribute__((noinline))
static const int limits[4] = { 1, 2, V(3, 30), 4 };
volatile int two = 2;
struct range { long long id; const int *at; long long size; };
static struct range last;
NI void set(struct range range) { last = range; }
NI void keep(int i) {
  struct range range = { i, limits + i, 2 };
  set(range);
}
int start(void) {
  keep(two);
  return *last.at;
}
