#ifdef NEW
#define V(old, new) new
#else
#define V(old, new) old
#endif
#define NI __attribute__((noinline))
static const int a = 1, b = 2, c = V(3, 33), d = 4;
static const int *const left[2] = { &a, &b }, *const right[2] = { &c, &d };
static const int *const *const both[2] = { left, right };
NI int value(unsigned k, unsigned m) { return *both[k & 1][m & 1]; }
volatile unsigned one = 1, zero = 0;
int start(void) { return value(one, zero) * 2 + value(zero, one); }
