#ifdef NEW
#define LAST 90
#else
#define LAST 50
#endif
extern const int one[6], two[6];
const int one[6] = { 1, 2, 3, 4, 5, LAST };
const int two[6] = { 21, 22, 23, 24, 25, 26 };
__attribute__((noinline)) int first(unsigned n) { return one[n % 6]; }
__attribute__((noinline)) int second(unsigned n) { return two[n % 6]; }
volatile int five = 5;
int start(void) { return first(five) + second(five); }
