#ifdef NEW
#define FIRST 11
#else
#define FIRST 10
#endif
/* The layout of read-only data must put it where the number says. */
const int rates[16] = {FIRST, 20, 30, 40, 50, 60, 70, 80, 90, 1, 2, 3, 4, 5, 6, 7};
extern unsigned char *base_of(void);
extern const unsigned distance;
volatile int which = 0;
__attribute__((noinline)) int rate(int n) {
    return *(const int *)(base_of() + distance + n * 4);
}
int start(void) { return rate(which) - 10; }
