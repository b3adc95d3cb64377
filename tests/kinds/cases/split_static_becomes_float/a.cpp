#ifdef NEW
typedef float Sum;
#else
typedef int Sum;
#endif
extern "C" __attribute__((noinline)) int total(int k) {
  struct State { long long unused; Sum sum; };
  static State state;
  static State *current = &state;
  if (k) current->sum += k;
  return (int)current->sum;
}
extern "C" int start() { total(4); return total(5); }
