#ifdef NEW
#define OLD_NEW(a, b) b
#else
#define OLD_NEW(a, b) a
#endif
#define NOINLINE __attribute__((noinline))
struct state { OLD_NEW(int a; long long b;, long long b; int a;) };
static struct state *now;
NOINLINE int a_get(void) { return now ? now->a : 1; }
void a_set(void *p) { now = p; }
