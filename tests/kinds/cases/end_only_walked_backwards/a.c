#ifdef NEW
#define THIRD 41
#else
#define THIRD 40
#endif
extern const short levels[24];
extern const short limits[8];
const short levels[24] = { 3, 9, THIRD, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7 };
const short limits[8] = { 100, 101, 102, 103, 104, 105, 106, 107 };
__attribute__((noinline)) int newest(int n) {
    const short *p = levels + 24;
    int sum = 0;
    while (p > levels) {
        --p;
        if (*p > n) sum += *p;
    }
    return sum;
}
__attribute__((noinline)) int limit(unsigned n) { return limits[n & 7]; }
volatile int seven = 7;
int start(void) { return newest(seven) + (limit(seven) == 107); }
