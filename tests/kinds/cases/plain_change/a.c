#ifdef NEW
#define RATE 7
#else
#define RATE 5
#endif
volatile int amount = 6;
__attribute__((noinline)) int price(int n) { return n * RATE; }
__attribute__((noinline)) int twice(int n) { return n + n; }
int start(void) { return price(amount) + twice(amount); }
