#ifdef NEW
#define OLD_NEW(a, b) b
#else
#define OLD_NEW(a, b) a
#endif
#define NOINLINE __attribute__((noinline))
typedef struct { int id; int refs; } Object;
struct a { struct { int x, y; } at; union { int n; float f; } u; };
struct b { struct { long long x; } at; enum { LOW, HIGH } level; };
struct a *as; struct b *bs; Object *objects;
#ifdef NEW
typedef struct { char c; } Fresh;
static Fresh fresh;
#endif
NOINLINE int get(int k) { return as ? as->at.y + as->u.n : bs ? (int)bs->at.x + bs->level : objects ? objects->refs : k + OLD_NEW(0, ++fresh.c); }
int start(void) { return get(2); }
