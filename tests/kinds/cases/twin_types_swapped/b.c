#ifdef NEW
#define OLD_NEW(a, b) b
#else
#define OLD_NEW(a, b) a
#endif
#define NOINLINE __attribute__((noinline))
struct state { OLD_NEW(long long b; int a;, int a; long long b;) };
static struct state *now;
NOINLINE int b_get(void) { return now ? now->a : 2; }
void b_set(void *p) { now = p; }
int a_get(void); void a_set(void *);
int start(void) { a_set(0); b_set(0); return a_get() + b_get(); }
