#ifdef NEW
#define OLD_NEW(a, b) b
#else
#define OLD_NEW(a, b) a
#endif
#define NOINLINE __attribute__((noinline))
#include "rec.h"
static struct rec *recs;
NOINLINE int b_get(void) { return recs ? recs->tail : 2; }
void b_set(void *p) { recs = p; }
int a_get(void); void a_set(void *);
int start(void) { a_set(0); b_set(0); return a_get() + b_get(); }
