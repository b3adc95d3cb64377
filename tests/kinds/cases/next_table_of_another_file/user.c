extern const short weights[], prices[];
__attribute__((noinline)) int total(const short *of, int n) {
  int sum = 0;
  for (int i = 0; i < n; i++) sum += of[i];
  return sum;
}
__attribute__((noinline)) int weight(unsigned n) { return weights[n] + prices[n] + prices[0]; }
__attribute__((noinline)) int price(int n) { return total(prices, n) + 1; }
volatile int first = 4;
int start(void) { return weight(first + 1) + price(first); }
