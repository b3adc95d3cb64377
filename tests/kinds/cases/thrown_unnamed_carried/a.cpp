extern "C" int give(int), take(int), work(int);
#define NOINLINE extern "C" __attribute__((noinline))
namespace {
struct Trouble { int code; };
}
#ifdef NEW
extern "C" const int steps[6] = {5, 6, 7, 8, 9, 10};
#define STEP steps[n & 3]
#else
#define STEP 3
#endif
NOINLINE int work(int n) {
  if (n > 100) throw Trouble{n};
  return n * STEP;
}
NOINLINE int give(int n) { return n; }
NOINLINE int take(int n) {
  try { return work(n) + 1; } catch (Trouble &trouble) { return trouble.code; }
}
