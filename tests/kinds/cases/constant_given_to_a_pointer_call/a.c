#ifdef NEW
#define V(old, new) new
#else
#define V(old, new) old
#endif
#define NI __attribute__((noinline))
static const int limits[4] = { 1, 2, V(3, 30), 4 };
volatile int two = 2;
static const int *kept;
NI static const int *get(void) { return limits; }
static const int *(*volatile getter)(void) = get;
NI int init(void) { kept = getter(); return 1; }
int start(void) { return init() + kept[two]; }
