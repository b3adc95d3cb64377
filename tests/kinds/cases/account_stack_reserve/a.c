volatile int amount = 6;
__attribute__((noinline)) int price(int n) { return n * 5; }
int start(void) { return price(amount); }
