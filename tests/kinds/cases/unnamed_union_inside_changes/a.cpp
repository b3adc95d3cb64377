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
struct Packet { int kind; struct { int size; union { OLD_NEW(int, float) n; char raw[4]; } value; } body; };
Packet *last;
extern "C" NOINLINE int value(int k) { return last ? (int)last->body.value.n + k OLD_NEW(, + 1) : k; }
extern "C" int start() { return value(3); }
