#ifdef NEW
#define LAST 90
#else
#define LAST 50
#endif
volatile int one = 1;
extern const int steps[16], after[4];
const int steps[16] = { 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, LAST };
const int after[4] = { 21, 22, 23, 24 };
__attribute__((noinline)) int last(const int *end, int n) { return *(volatile const int *)(end - n); }
__attribute__((noinline)) int summed(void) { return last(steps + 16, one); }
__attribute__((noinline)) int other(unsigned n) { return after[n & 3]; }
int start(void) { return summed() + (other(one) == 22); }
