#ifdef NEW
#define V(old, new) new
#else
#define V(old, new) old
#endif
#define NI __attribute__((noinline))
static const int limits[4] = { 1, 2, V(3, 30), 4 };
volatile int two = 2;
static const int *kept;
static void keep(const int *p) { kept = p; }
static void (*volatile set)(const int *) = keep;
NI int init(int i) { set(limits + i); return i; }
int start(void) { return init(two) + *kept; }
