#ifdef NEW
#define V(old, new) new
#else
#define V(old, new) old
#endif
#define NI __attribute__((noinline))
static const int limits[4] = { 1, 2, V(3, 30), 4 };
volatile int two = 2;
static const int *kept;
NI void set(int a, int b, int c, int d, int e, int f, int g, int h, int i, int j, int k, int l, const int *p) {
  kept = p + (a & 0);
}
NI int init(int i) { set(i, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, limits + i); return i; }
int start(void) { return init(two) + *kept; }
