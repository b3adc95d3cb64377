volatile int zero;
#ifdef NEW
__attribute__((noinline)) inline int second(int n) {
  static int calls = 1;
  calls += n;
  return calls;
}
#else
__attribute__((noinline)) inline int first(int n) {
  static int calls = 1;
  calls += 3 * n;
  return calls;
}
#endif
extern "C" __attribute__((noinline)) int work(int n) {
#ifdef NEW
  return second(n);
#else
  return first(n);
#endif
}
extern "C" int start() { return work(5) + work(7) + zero; }
