#include "rate.h"
volatile int amount = 6;
__attribute__((noinline)) int price(int n) { return n * RATE; }
__attribute__((noinline)) int tax(int n) { return n + RATE; }
int start(void) { return price(amount) + tax(amount); }
