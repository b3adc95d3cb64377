#ifdef NEW
#define SECOND 8
#else
#define SECOND 7
#endif
static const int table[7] = { 4, SECOND, 5 };
static const int behind[12] = { 9, 8, 7, 6 };
volatile int seven = 7;
__attribute__((noinline)) int sum_back(int count) {
    const int *at = table + 7;
    int sum = 0;
    while (count-- > 0)
        sum = sum * 3 + *--at;
    return sum;
}
__attribute__((noinline)) int read(int i) { return table[i & 7]; }
__attribute__((noinline)) int others(int i) { return behind[i & 3]; }
int start(void) { return (sum_back(seven) + read(seven - 6) + others(seven)) & 127; }
