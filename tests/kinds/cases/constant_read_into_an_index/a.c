#ifdef NEW
#define V(old, new) new
#else
#define V(old, new) old
#endif
#define NI __attribute__((noinline))
static const int limits[4] = { 1, 2, V(3, 30), 4 };
volatile int two = 2;
static long long found;
NI void find(int value) {
  for (const int *p = limits; p != limits + 4; p++)
    if (*p == value) found = p - limits;
}
int start(void) {
  find(two);
  return (int)found;
}
