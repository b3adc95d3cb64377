#define APART __attribute__((noinline))
typedef int (*function)(int);
volatile int seed = 5;
function volatile slot[2];
APART int first(int n) { return n * seed; }
APART int second(int n) { return n * seed; }
APART int use_first(int n) { return first(n) + 1; }
APART int use_second(int n) { return second(n) + 1; }
APART void keep(void) {
    slot[0] = first;
#ifndef NEW
    slot[1] = second;
#endif
}
int start(void) { keep(); return use_first(1) + use_second(3) * 3 + slot[0](1) * 5; }
