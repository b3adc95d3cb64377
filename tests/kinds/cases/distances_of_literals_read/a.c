#ifdef NEW
#define V(old, new) new
#else
#define V(old, new) old
#endif
#define NI __attribute__((noinline))
static const int low[] = { 1, 2 }, high[] = { 3, 4 };
__attribute__((noinline, optnone)) int sum(const int *p, const char *q) { return p[0] * 3 + ((volatile const char *)q)[0]; }
NI int early(const char *q) { return sum(low, q) + sum(high, q); }
static const int *const rows[] = { low, high };
NI int row(unsigned i) { return sum(rows[i], "\x21\0\0") V(, + 3); }
volatile unsigned one = 1;
int start(void) { return (early("abc") + row(one)) & 127; }
