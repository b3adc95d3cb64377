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
struct OLD_NEW(pt, point) { int x, y; };
enum mode { OFF, ON };
static OLD_NEW(int, long) a; typedef unsigned char byte_type; static OLD_NEW(unsigned char, byte_type) b; static OLD_NEW(int, volatile int) c; static OLD_NEW(struct pt, struct point) *p; static OLD_NEW(int, enum mode) m; static OLD_NEW(void, unsigned char) *raw;
NOINLINE int use(int k) { a += k; b += k; c += k; m = k & 1; if (!raw) raw = (void *)&a; if (p) p->x = k; return a + b + c + m + (raw != 0) + OLD_NEW(0, 1); }
int start(void) { return use(3); }
