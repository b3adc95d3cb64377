#ifdef NEW
#define RATE 70000
#else
#define RATE 50000
#endif
extern const unsigned sizes[2];
volatile int amount = 6;
__attribute__((noinline)) int price(int n) { return n + RATE; }
__attribute__((noinline)) unsigned size(int n) { return sizes[n & 1]; }
int start(void) { return price(amount) + (size(amount) == 0); }
