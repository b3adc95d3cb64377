#define APART __attribute__((noinline))
volatile int seed = 5;
#ifdef NEW
APART int first(int n) { return n * 3 + seed + 7; }
APART int second(int n) { return n * 3 + seed + 40; }
#else
APART int first(int n) { return n * 3 + seed; }
APART int second(int n) { return n * 3 + seed; }
#endif

APART int use_first(int n) { return first(n) + 1; }
APART int use_second(int n) { return second(n) + 2; }

int start(void) { return use_first(seed) + use_second(seed) + first(2); }
