extern "C" {
volatile int calls, two = 2;
__attribute__((noinline)) int seed(int v) { calls++; return v * 3; }
__attribute__((noinline)) int work(int v) {
#ifdef NEW
  static int first = seed(v);
  return first++ + v;
#else
  return seed(v) + v;
#endif
}
int start(void) { return work(two) * 16 + work(two) * 4 + calls; }
}
