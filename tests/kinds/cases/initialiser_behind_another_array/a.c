#define NI __attribute__((noinline))
#ifdef NEW
const int second[4] = { 21, 22, 23, 24 };
const int behind[4] = { 51, 52, 53, 54 };
const int first[4] = { 11, 12, 13, 14 };
#else
const int first[4] = { 11, 12, 13, 14 };
const int behind[4] = { 51, 52, 53, 54 };
const int second[4] = { 21, 22, 23, 24 };
#endif
const int *volatile where = behind;
NI int use(int n) { return where[n & 3] + first[n & 3] * 2 + second[n & 3] * 3; }
volatile int one = 1;
int start(void) { return use(one) & 127; }
