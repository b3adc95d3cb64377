#ifdef NEW
#define FIRST 5
#else
#define FIRST 1
#endif
extern "C" {
extern const int tab[40], behind[4];
const int tab[40] = { FIRST, 2, 3, 4, 5, 6, 7, 8 };
const int behind[4] = { 51, 52, 53, 54 };
volatile int limit = 100;
__attribute__((noinline)) int total() {
    int sum = 0;
    for (int n : tab) {
        if (n > limit) break;
        sum += n;
    }
    return sum;
}
volatile unsigned two = 2;
__attribute__((noinline)) int other(unsigned n) { return behind[n & 3]; }
int start() { return total() + other(two); }
}
