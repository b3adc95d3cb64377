#define APART __attribute__((noinline))
volatile int seed = 5;
APART int first(int n) { return n * 3 + seed; }
#ifdef NEW
APART int second(int n) { return n * 3 + seed + 40; }
#else
APART int second(int n) { return n * 3 + seed; }
#endif

APART int use_first(int n) { return first(n) + 1; }
#ifdef NEW
APART int calls_second(int n) { return second(n) + 9; }
int start(void) { return use_first(seed) + calls_second(seed); }
#else
APART int use_second(int n) { return second(n) + 2; }
int start(void) { return use_first(seed) + use_second(seed); }
#endif
