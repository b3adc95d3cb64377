#define APART __attribute__((noinline))
volatile int seed = 5;
APART int first(int n) { return n * 3 + seed; }
#ifdef NEW
APART int second(int n) { return n * 3 + seed + 40; }
#else
APART int second(int n) { return n * 3 + seed; }
#endif
APART int third(int n) { return n * 3 + seed + 40; }
APART int use_third(int n) { return third(n) + 3; }

APART int use_first(int n) { return first(n) + 1; }
APART int use_second(int n) { return second(n) + 2; }

int start(void) { return use_first(seed) + use_second(seed) + use_third(seed); }
