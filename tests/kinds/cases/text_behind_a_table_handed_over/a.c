#define NI __attribute__((noinline))
#ifdef NEW
#define FIRST 5
#else
#define FIRST 1
#endif
const int *volatile last;
const int tab[8] = { FIRST, 2, 3, 4, 5, 6, 7, 8 };
NI int at(const char *text, int n) { return ((volatile const char *)text)[n]; }
NI int letter(int n) { return at("behind it", n); }
NI int add(const int *volatile *log, const int *p, const int *end) {
    int sum = 0;
    *log = end;
    for (; p != end; ++p) sum += *(volatile const int *)p;
    return sum;
}
NI int total(void) { return add(&last, tab, tab + 8); }
volatile int two = 2;
int start(void) { return total() + (letter(two) == 'h'); }
