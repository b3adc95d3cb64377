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
struct { int OLD_NEW(a, b); int OLD_NEW(b, a); } pair;
NOINLINE int use(int k) { pair.a += k; return pair.a - pair.b; }
int start(void) { return use(3); }
