extern const short weights[], weights_end[];
__attribute__((noinline)) int add(const short *from, const short *to) {
  int sum = 0;
  while (from < to) sum = sum * 2 + *from++;
  return sum;
}
__attribute__((noinline)) int weight(void) { return add(weights, weights_end) + 1; }
int start(void) { return weight() & 127; }
