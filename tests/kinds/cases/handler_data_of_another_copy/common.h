extern "C" int divide(int, int), first(int), second(int);
inline __attribute__((noinline)) int common(int n) {
  try {
    return divide(n, 3) + 1;
  } catch (...) {
    return n;
  }
}
