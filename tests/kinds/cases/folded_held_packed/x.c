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
extern char __ImageBase;
struct __attribute__((packed)) table { unsigned char kind; unsigned places[2]; };
extern const struct table table;
APART void keep(void) {
    for (int i = 0; i < 2; i++)
        slot[i] = (function)(&__ImageBase + ((volatile struct table *)&table)->places[i]);
}
int start(void) { keep(); return use_first(seed) + use_second(seed) + slot[1](3); }
