#ifdef NEW
#define THIRD 13
#else
#define THIRD 3
#endif
static const int small[4] = { 1, 2, THIRD, 4 };
static const int middle[4] = { 10, 20, 30, 40 };
static const int large[8] = { 100, 200, 300, 400 };
struct range { const int *begin, *end; };
static const struct range ranges[] = { { small, small + 4 }, { middle, middle + 4 }, { large, large + 8 } };
__attribute__((noinline)) int sum(int range) {
  int all = 0;
  for (const int *p = ranges[range].begin; p != ranges[range].end; p++) all += *p;
  return all;
}
volatile int one = 1;
int start(void) { return sum(one) ^ sum(one - 1) ^ sum(one + 1); }
