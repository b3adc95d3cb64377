#ifdef NEW
#define V(old, new) new
#else
#define V(old, new) old
#endif
#define NI __attribute__((noinline))
static const int limits[4] = { 1, 2, V(3, 30), 4 };
volatile int two = 2;
extern char __ImageBase;
static unsigned distance;
NI void keep(int i) { distance = (unsigned)((char *)(limits + i) - &__ImageBase); }
NI int use(void) { return *(const int *)(&__ImageBase + distance); }
int start(void) {
  keep(two);
  return use();
}
