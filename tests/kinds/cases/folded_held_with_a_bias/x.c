#define APART __attribute__((noinline))
typedef int (*function)(int);
volatile int seed = 5;
function volatile slot[2];
APART int first(int n) { return n * 3 + seed; }
#ifdef NEW
APART int second(int n) { return n * 3 + seed + 40; }
#else
APART int second(int n) { return n * 3 + seed; }
#endif
APART int use_first(int n) { return first(n) + 1; }
APART int use_second(int n) { return second(n) + 2; }
APART void keep(void) { slot[0] = slot[1] = (function)((char *)second - 8); }
int start(void) {
    keep();
    return use_first(seed) + use_second(seed) + ((function)((char *)slot[0] + 8))(2);
}
