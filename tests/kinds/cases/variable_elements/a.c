#ifdef NEW
#define OLD_NEW(a, b) b
#else
#define OLD_NEW(a, b) a
#endif
#define NOINLINE __attribute__((noinline))
#ifdef _MSC_VER
#ifdef __cplusplus
extern "C" { int _fltused; }
#else
int _fltused;
#endif
#endif
static OLD_NEW(int, float) table[8];
NOINLINE int use(int k) { table[k & 7] += k; return table[k & 3] OLD_NEW(, + 1); }
int start(void) { return use(3); }
