#ifdef NEW
#define V(old, new) new
#else
#define V(old, new) old
#endif
#define NI __attribute__((noinline))
extern volatile int left;
struct row { int value; row(); V(, ~row() { left = left + value; }) };
row::row() { value = 1; }
