#ifdef NEW
#define OLD_NEW(a, b) b
#else
#define OLD_NEW(a, b) a
#endif
#define NOINLINE __attribute__((noinline))
namespace { struct State { int a; int b; }; State *g; }
extern "C" void a_set(void *p) { g = (State *)p; }
extern "C" NOINLINE int a_get() { return g ? g->b : 3; }
