extern const short weights[], weights_end[];
__attribute__((noinline)) int weight(int n) {
  int sum = n;
  for (const short *p = weights; p != weights_end; p++) sum = sum * 2 + *p;
  return sum;
}
volatile int first = 1;
int start(void) { return weight(first) & 127; }
