volatile int zero;
struct Part {
  int value;
  __attribute__((noinline)) Part(int v) : value(v + zero) {}
};
__attribute__((noinline)) inline int parts(int k) {
  static Part first(3);
  static Part second(k);
#ifdef NEW
  static Part more(9);
  return first.value * 10 + second.value + more.value;
#else
  return first.value * 10 + second.value;
#endif
}
extern "C" __attribute__((noinline)) int work(int k) { return parts(k); }
extern "C" int start() { return work(5) + work(7); }
