#ifdef NEW
#define MEMBERS int sum, calls
#else
#define MEMBERS int calls, sum
#endif
extern "C" __attribute__((noinline)) int total(int k) {
  struct State { MEMBERS; };
  static State state;
  static State *current = &state;
  if (k) { current->sum += k; current->calls++; }
  return current->sum * 10 + current->calls;
}
extern "C" int start() { total(4); return total(5); }
