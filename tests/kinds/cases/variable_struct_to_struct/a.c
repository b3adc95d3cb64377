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
struct a { int n; float f; }; struct b { float f; int n; };
OLD_NEW(struct a, struct b) pair;
NOINLINE int use(int k) { pair.n += k; return pair.n; }
int start(void) { return use(3); }
