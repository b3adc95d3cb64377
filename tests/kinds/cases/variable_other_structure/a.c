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
struct a { int x, y; }; struct b { int y, x; };
OLD_NEW(struct a, struct b) *shape;
NOINLINE int use(int k) { return shape ? shape->x : k; }
int start(void) { return use(3); }
