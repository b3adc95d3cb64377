extern const short weights[], offsets[];
__attribute__((noinline)) int weight(int n) { return weights[n & 3] + weights[5]; }
__attribute__((noinline)) int offset(int n) { return offsets[n & 1]; }
volatile int one = 1;
int start(void) { return weight(one) + offset(one); }
