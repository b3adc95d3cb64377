#ifdef NEW
#define V(old, new) new
#else
#define V(old, new) old
#endif
extern "C" int seed(int);
int first = V(seed(3), seed(5));
extern "C" __attribute__((noinline)) int work(int v) { return first + v * V(2, 3); }
