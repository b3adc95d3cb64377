#define APART __attribute__((noinline))
typedef int (*function)(int);
volatile int seed = 5;
function volatile slot[2];
#ifdef NEW
APART int renamed(int n) { return n * seed + 4; }
#define FIRST renamed
#else
APART int first(int n) { return n * seed; }
#define FIRST first
#endif
APART int second(int n) { return n * seed; }
APART int use_first(int n) { return FIRST(n) + 1; }
APART int use_second(int n) { return second(n) + 1; }
APART void keep(void) { slot[0] = FIRST; slot[1] = second; }
int start(void) { keep(); return use_first(1) + use_second(3) * 3 + slot[0](1) * 5; }
