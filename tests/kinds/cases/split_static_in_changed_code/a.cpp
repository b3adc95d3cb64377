#ifdef NEW
#define FACTOR 100
#else
#define FACTOR 10
#endif
extern "C" __attribute__((noinline)) int total(int k) {
  struct State { int calls; float sum; };
  static State state;
  static State *current = &state;
  if (k) { current->sum += 1.5f; current->calls += k; }
  return (int)current->sum * FACTOR + current->calls;
}
extern "C" int start() { total(4); return total(5); }
