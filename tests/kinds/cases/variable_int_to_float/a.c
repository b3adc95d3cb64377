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
static OLD_NEW(int, float) rate;
NOINLINE int use(int k) { rate += k; return rate * 2 OLD_NEW(, + 1); }
int start(void) { return use(3); }
