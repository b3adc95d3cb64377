#ifdef NEW
#define V(old, new) new
#else
#define V(old, new) old
#endif
#define NI __attribute__((noinline))
typedef int (*reader)(const char *);
extern const volatile reader readers[2];
NI int length(const char *s) { int n = 0; while (((volatile const char *)s)[n]) n++; return n; }
NI int twice(const char *s) { return length(s) * 2; }
const volatile reader readers[2] = { length, twice };
NI int read(unsigned i) { return readers[i & 1](V("literal", "longer literal")); }
volatile unsigned one = 1;
int start(void) { return read(one); }
