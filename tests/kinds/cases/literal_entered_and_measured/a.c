#ifdef NEW
#define V(old, new) new
#else
#define V(old, new) old
#endif
#define NI __attribute__((noinline))
static const int *const list = (const int[]){ 40, 50, 60, V(70, 71), 80 };
NI const int *whole(void) { return list; }
NI const int *middle(void) { return list + 2; }
