#ifdef NEW
const int limits[3] = { 8, 24, 100 };
#else
const int limits[3] = { 8, 16, 100 };
#endif
const int behind[4] = { 1, 2, 3, 4 };
__attribute__((noinline)) int limit(int i) { return ((const volatile int *)limits)[i] + behind[i]; }
volatile int one = 1;
int start(void) { return limit(one); }
