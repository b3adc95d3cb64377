#ifdef NEW
#define V(old, new) new
#else
#define V(old, new) old
#endif
#define NI __attribute__((noinline))
extern const int first[4], second[4];
const int first[4] = { 1, 2, 3, V(4, 5) };
const int second[4] = { 11, 12, 13, 14 };
typedef int (*reader)(const int *, int);
extern reader volatile read;
NI int all(void) { return read(second, V(3, 4)) + 1; }
NI int one(int i) { return first[i]; }
