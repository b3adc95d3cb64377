#define APART __attribute__((noinline))
volatile int seed = 5;
APART int first(int n) { return n * 3 + seed; }
#ifdef NEW
APART int second(int n) { return n * 3 + seed + 40; }
#else
APART int second(int n) { return n * 3 + seed; }
#endif

APART int use_first(int n) { return first(n) + 1; }
APART int use_second(int n) { return second(n) + 2; }

int (*volatile kept)(int);
APART void keep(void) { kept = first; }
int (*const volatile table[1])(int) = { first };
int start(void) { keep(); return use_first(seed) + use_second(seed) + kept(seed) + table[0](seed); }
