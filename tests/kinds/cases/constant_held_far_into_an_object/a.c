#ifdef NEW
#define V(old, new) new
#else
#define V(old, new) old
#endif
#define NI __attribute__((noinline))
void *memcpy(void *to, const void *from, unsigned long long n) {
  for (unsigned long long i = 0; i < n; i++) ((volatile char *)to)[i] = ((const char *)from)[i];
  return to;
}
struct big { long long before[24]; const int *at; };
static const int limits[4] = { 1, 2, V(3, 30), 4 };
volatile int two = 2;
static struct big last;
NI void fill(long long *p) { for (int i = 0; i < 24; i++) p[i] = i + two; }
NI void keep(const struct big *big) { last = *big; }
NI int init(int i) {
  struct big big;
  fill(big.before);
  big.at = limits + i;
  keep(&big);
  return i;
}
int start(void) { return init(two) + *last.at; }
