#ifdef NEW
#define V(old, new) new
#else
#define V(old, new) old
#endif
#define NI __attribute__((noinline))
volatile int two = 2;
extern const int table[4];
NI int is(const int *at) { return at == table ? table[3] : -1; }
