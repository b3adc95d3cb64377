#ifdef NEW
#define V(old, new) new
#else
#define V(old, new) old
#endif
extern "C" int seed(int);
int first = seed(3);
extern "C" __attribute__((noinline)) int work(int v) { return first + v * V(2, 3); }
