extern "C" int give(int), take(int), work(int);
#define NOINLINE extern "C" __attribute__((noinline))
namespace {
struct Trouble { int code; };
struct Other { int code; };
}
NOINLINE int work(int n) {
#ifdef NEW
  volatile int more[3] = {n, n * 2, n * 3};
  return more[n & 1] * n + more[2];
#else
  return n + 1;
#endif
}
NOINLINE int give(int n) {
  if (n > 100) throw Trouble{n};
  return n;
}
NOINLINE int take(int n) {
  try { return give(n) + 1; } catch (Trouble &trouble) { return trouble.code; }
}
