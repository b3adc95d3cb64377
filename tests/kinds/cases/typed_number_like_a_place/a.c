#ifdef NEW
#define V(old, new) new
#else
#define V(old, new) old
#endif
#define NI __attribute__((noinline))
const int rates[4] = { 1, 2, V(3, 4), 5 };
const int limits[4] = { 0x2000, 7, 0x2000, 8 };
NI int rate(int i) { return rates[i]; }
NI int limit(int i) { return limits[i]; }
volatile int two = 2;
int start(void) { return rate(two) + limit(two) - 0x2000; }
