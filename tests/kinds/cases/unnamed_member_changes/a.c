#ifdef NEW
#define OLD_NEW(a, b) b
#else
#define OLD_NEW(a, b) a
#endif
#define NOINLINE __attribute__((noinline))
struct packet { int kind; struct { OLD_NEW(short a; short b;, int a;) } head; union { int n; float f; } body; };
struct packet *last;
NOINLINE int head(int k) { return last ? last->head.a + k + OLD_NEW(0, 1) : k; }
int start(void) { return head(3); }
