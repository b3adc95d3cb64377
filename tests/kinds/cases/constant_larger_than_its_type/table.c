#ifdef NEW
#define V(old, new) new
#else
#define V(old, new) old
#endif
#define NI __attribute__((noinline))
const char text[16] = { 1, 2, 3, 4, 5, 6, 7, 8, 9, V(10, 11), 11, 12 };
NI int at(int n) { return text[n & 15]; }
