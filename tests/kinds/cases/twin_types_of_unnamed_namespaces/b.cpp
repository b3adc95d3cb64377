#ifdef NEW
#define OLD_NEW(a, b) b
#else
#define OLD_NEW(a, b) a
#endif
#define NOINLINE __attribute__((noinline))
namespace { struct State { OLD_NEW(int, long long) a; int b; }; State *g; }
extern "C" void b_set(void *p) { g = (State *)p; }
extern "C" NOINLINE int b_get() { return g ? g->b : 4; }
extern "C" void a_set(void *); extern "C" int a_get();
extern "C" int start() { a_set(0); b_set(0); return a_get() + b_get(); }
