#ifdef NEW
#define V(old, new) new
#else
#define V(old, new) old
#endif
#define NI __attribute__((noinline))
static const int limits[4] = { 1, 2, V(3, 30), 4 };
volatile int two = 2;
NI void find(int k, const int **found) { *found = &limits[k & 3]; }
NI int work(int k) { const int *p; find(k, &p); return *p; }
int start(void) { return work(two); }
