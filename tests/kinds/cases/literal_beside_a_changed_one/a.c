#ifdef NEW
#define V(old, new) new
#else
#define V(old, new) old
#endif
static const int *const first = (const int[]){ 11, 12, 13, V(14, 15) };
static const int *const second = (const int[]){ 21, 22, 23, 24 };
int sum(const int *p, int n);
int walk(const int *p, const int *end);
__attribute__((noinline)) int sums(void) { return sum(first, 4) + walk(second, second + 4) * 3; }
