#ifdef NEW
#define PART 12
#define TEXT "2.5.12"
#define RATE 7
#else
#define PART 11
#define TEXT "2.5.11"
#define RATE 5
#endif
volatile int amount = 6;
const char *volatile shown;
#ifdef NEW
#define UNIT "at 2.5.11 times"
#else
#define UNIT "at 2.5.11"
#endif
__attribute__((noinline)) int number(void) { return 2 << 24 | 5 << 16 | PART; }
__attribute__((noinline)) int price(int n) { shown = UNIT; return n * RATE; }
