#ifdef NEW
#define V(old, new) new
#else
#define V(old, new) old
#endif
extern "C" int give(int), take(int), work(int);
#define NOINLINE extern "C" __attribute__((noinline))
V(, extern "C" __attribute__((used)) const int added[40] = {1};)
struct Trouble { int code; };
struct Worse : Trouble { ~Worse(); };
Worse::~Worse() {}
NOINLINE int work(int n) {
  if (n > 100) throw Trouble{n};
  return n;
}
NOINLINE int give(int n) {
  if (n > 200) throw Worse{};
  return n;
}
NOINLINE int take(int n) {
  try { return work(n) + V(1, 2); } catch (...) { return 0; }
}
