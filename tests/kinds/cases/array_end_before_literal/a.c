#define NI __attribute__((noinline))
volatile int one = 1;
NI int sum(const short *at, const short *end) {
    int s = 0;
    while (at != end) s = s * 3 + *at++;
    return s;
}
#ifdef NEW
static char *text = "abcdef";
NI int letter(int n) { text += n; return *text; }
static const short rates[6] = { 0, 1, 2, 3, 4, 5 };
NI int all(void) { return sum(rates, rates + 6); }
static const int table[5] __attribute__((aligned(16))) = { 5, 4, 3, 2, 1 };
NI int look(int n) { return table[n]; }
#else
static const int table[5] __attribute__((aligned(16))) = { 5, 4, 3, 2, 1 };
NI int look(int n) { return table[n]; }
static const short rates[6] = { 0, 1, 2, 3, 4, 5 };
NI int all(void) { return sum(rates, rates + 6); }
static char *text = "abcdef";
NI int letter(int n) { text += n; return *text; }
#endif
int start(void) { return all() + letter(one) + look(one); }
