#ifdef NEW
#define V(old, new) new
#else
#define V(old, new) old
#endif
#define NI __attribute__((noinline))
static const int limits[4] = { 1, 2, V(3, 30), 4 };
volatile int two = 2, count;
static const int *kept;
NI void s9(const int *p) { kept = p; }
NI void s8(const int *p) { s9(p); count++; }
NI void s7(const int *p) { s8(p); count++; }
NI void s6(const int *p) { s7(p); count++; }
NI void s5(const int *p) { s6(p); count++; }
NI void s4(const int *p) { s5(p); count++; }
NI void s3(const int *p) { s4(p); count++; }
NI void s2(const int *p) { s3(p); count++; }
NI void s1(const int *p) { s2(p); count++; }
NI int init(int i) { s1(limits + i); return i; }
int start(void) { return init(two) + *kept; }
