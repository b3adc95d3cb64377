#ifdef NEW
#define V(old, new) new
#else
#define V(old, new) old
#endif
static const short counts[8] = { 1, 2, V(3, 30), 4, 5, 6, 7, 8 };
static const double prices[4] = { 1, 2, 3, 4 };
__attribute__((noinline)) int value(int i) { return counts[i] + (int)prices[i]; }
volatile int two = 2;
int start(void) { return value(two); }
#ifdef _MSC_VER
int _fltused = 1;
#endif
