#ifdef NEW
#define V(old, new) new
#else
#define V(old, new) old
#endif
#define NI __attribute__((noinline))
static const int limits[4] = { 1, 2, V(3, 30), 4 };
volatile int two = 2;
static int anchor = 7;
static long long distance;
NI int init(void) { distance = (char *)&anchor - (char *)limits; return anchor; }
int start(void) { return init() + *(const int *)((char *)&anchor - distance + 8); }
