int of_own(void);
static const long long other[2] = { 3, 4 };
volatile int k;
__attribute__((noinline)) long long pick(int n) { return other[n & 1]; }
int start(void) { return (of_own() + (int)pick(k)) & 127; }
