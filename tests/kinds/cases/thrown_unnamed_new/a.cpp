extern "C" int give(int), take(int), work(int);
#define NOINLINE extern "C" __attribute__((noinline))
namespace {
struct Trouble { int code; };
struct Other { int code; };
}
#ifdef NEW
#define THROWN Other
#else
#define THROWN Trouble
#endif
NOINLINE int work(int n) {
  if (n > 100) throw THROWN{n};
  return n;
}
NOINLINE int give(int n) {
  if (n > 200) throw Trouble{n};
  return n;
}
NOINLINE int take(int n) {
  try { return work(n) + 1; } catch (...) { return 0; }
}
