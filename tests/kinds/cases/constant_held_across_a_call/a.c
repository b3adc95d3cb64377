#ifdef NEW
#define V(old, new) new
#else
#define V(old, new) old
#endif
#define NI __attribute__((noinline))
static const int limits[4] = { 1, 2, V(3, 30), 4 };
const int *choose(void) { return limits; }
int read(const int *p) { return p == limits ? limits[2] : -1; }
