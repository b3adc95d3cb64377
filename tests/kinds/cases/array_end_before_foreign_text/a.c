#define NI __attribute__((noinline))
int letter(int n);
#ifdef NEW
static const int words[4] = { 50, 6, 7, 8 };
#else
static const int words[4] = { 5, 6, 7, 8 };
#endif
static const int *const limits[2] = { 0, words + 4 };
NI int all(const int *from, const int *to) {
    int sum = 0;
    while (from != to) sum = sum * 2 + *from++;
    return sum;
}
volatile int one = 1;
NI int run(int n) { return all(words, limits[n]); }
int start(void) { return run(one) + letter(one); }
