#ifdef NEW
const char moved[80] = {1};
const char *volatile kept = moved;
#endif
volatile int seed = 5;
__attribute__((noinline)) int changed(int n) {
#ifdef NEW
  return n * 3 + seed + kept[0];
#else
  return n * 3 + seed;
#endif
}
