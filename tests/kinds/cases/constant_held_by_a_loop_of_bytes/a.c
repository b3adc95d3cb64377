#ifdef NEW
#define V(old, new) new
#else
#define V(old, new) old
#endif
#define NI __attribute__((noinline))
struct range { long long before[3]; const int *at; };
static const int limits[4] = { 1, 2, V(3, 30), 4 };
volatile int two = 2;
static struct range last;
NI void copy(void *to, const void *from, unsigned long long n) {
  char *d = to;
  const char *s = from;
  while (n--) *(volatile char *)d++ = *s++;
}
NI int init(int i) {
  struct range range = { { i, 1, 2 }, limits + i };
  copy(&last, &range, sizeof range);
  return i;
}
int start(void) { return init(two) + *last.at; }
