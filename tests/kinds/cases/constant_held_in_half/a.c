#ifdef NEW
#define V(old, new) new
#else
#define V(old, new) old
#endif
#define NI __attribute__((noinline))
static const int limits[4] = { 1, 2, V(3, 30), 4 };
volatile int two = 2;
static int anchor = 7;
static unsigned low;
NI int init(void) {
  unsigned half = (unsigned)(unsigned long long)limits;
  low = half;
  return anchor;
}
int start(void) { return init() + two + (low == (unsigned)(unsigned long long)limits); }
