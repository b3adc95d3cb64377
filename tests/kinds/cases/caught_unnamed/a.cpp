extern "C" int give(int), take(int), work(int);
#define NOINLINE extern "C" __attribute__((noinline))
namespace {
struct Trouble { int code; };
struct Other { int code; };
}
#ifdef NEW
#define STEP 5
#else
#define STEP 3
#endif
NOINLINE int give(int n) {
  if (n > 100) throw Trouble{n};
  return n;
}
NOINLINE int take(int n) {
  try { return give(n) * STEP; } catch (Trouble &trouble) { return trouble.code; }
}
NOINLINE int work(int n) { return n; }
