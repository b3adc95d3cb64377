#ifdef NEW
#define V(old, new) new
#else
#define V(old, new) old
#endif
#define NI __attribute__((noinline))
#define LIMITS V(limits, bounds)
static const int LIMITS[4] = { 1, 2, 3, 4 };
static const int *kept;
volatile int count;
NI int init(void) { kept = LIMITS; return ++count; }
NI int has(void) { return kept == LIMITS ? V(1, 2) + LIMITS[2] : -1; }
int start(void) { return init() + has(); }
