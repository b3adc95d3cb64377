#ifdef NEW
#define FIRST 5
#else
#define FIRST 1
#endif
const int *volatile last;
extern const int tab[8], behind[4];
const int tab[8] = { FIRST, 2, 3, 4, 5, 6, 7, 8 };
const int behind[4] = { 51, 52, 53, 50 + FIRST };
__attribute__((noinline)) int add(const int *volatile *log, const int *p, const int *end) {
    int sum = 0;
    *log = end;
    for (; p != end; ++p) sum += *(volatile const int *)p;
    return sum;
}
__attribute__((noinline)) int total(void) { return add(&last, tab, tab + 8); }
__attribute__((noinline)) int other(void) { return add(&last, behind, behind + 2); }
int start(void) { return total() + other(); }
