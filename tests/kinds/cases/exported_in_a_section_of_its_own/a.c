#ifdef NEW
#define LAST 5
#define RATE 7
#else
#define LAST 4
#define RATE 6
#endif
__declspec(dllexport) __attribute__((section("mine"))) const int table[4] = { 1, 2, 3, LAST };
volatile int amount = 6;
__attribute__((noinline)) int price(int n) { return n * RATE; }
int start(void) { return price(amount); }
