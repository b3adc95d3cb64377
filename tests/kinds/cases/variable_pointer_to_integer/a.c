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
OLD_NEW(char *, unsigned long long) since;
NOINLINE int use(int k) { return OLD_NEW(since != 0, since > 100) + k; }
int start(void) { return use(3); }
