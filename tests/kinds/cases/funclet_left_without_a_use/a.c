volatile int seed = 5;
__attribute__((noinline)) int changed(int n) {
#ifdef NEW
  return n * 3 + seed + 1;
#else
  return n * 3 + seed;
#endif
}
int start(void) { return changed(2); }
