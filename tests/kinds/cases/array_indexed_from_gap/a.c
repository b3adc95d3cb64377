#ifdef NEW
#define SECOND 8
#else
#define SECOND 7
#endif
static const int table[7] = { 4, SECOND, 5 };
static const int behind[12] = { 9, 8, 7, 6 };
volatile int minus_six = -6;
__attribute__((noinline)) int from_end(int i) {
    const int *end = table + 7;
    __asm__("" : "+r"(end));
    return end[i];
}
__attribute__((noinline)) int read(int i) { return table[i & 7]; }
__attribute__((noinline)) int others(int i) { return behind[i & 3]; }
int start(void) { return (from_end(minus_six) + read(1) + others(2)) & 127; }
