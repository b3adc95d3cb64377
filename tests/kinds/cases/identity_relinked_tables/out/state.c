#ifdef NEW
static const long rates[4] = { 1, 2, 3, 9 };
#else
static const long rates[4] = { 1, 2, 3, 8 };
#endif
__attribute__((noinline)) long outlay(long n) { return rates[n & 3]; }
