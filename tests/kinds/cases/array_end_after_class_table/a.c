#define NI __attribute__((noinline))
int shape(int n);
static const int words[4] = { 11, 12, 13, 14 };
static const int *const limits[2] = { words + 1, words + 4 };
volatile int one = 1;
NI int sum(const int *at, const int *end) {
    int s = 0;
    while (at != end) s = s * 3 + *at++;
    return s;
}
NI int all(int n) { return sum(limits[0], limits[n]); }
int start(void) { return all(one) + shape(one); }
