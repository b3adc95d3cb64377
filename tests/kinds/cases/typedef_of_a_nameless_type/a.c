#ifdef NEW
#define OLD_NEW(a, b) b
#else
#define OLD_NEW(a, b) a
#endif
#define NOINLINE __attribute__((noinline))
typedef struct { int id; OLD_NEW(, int flags;) int refs; } Object;
void *heap[4];
NOINLINE int refs(int k) { Object *o = heap[k & 3]; return o ? o->refs + OLD_NEW(0, o->flags) : k; }
int start(void) { return refs(2); }
