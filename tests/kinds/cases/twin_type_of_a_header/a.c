#ifdef NEW
#define OLD_NEW(a, b) b
#else
#define OLD_NEW(a, b) a
#endif
#define NOINLINE __attribute__((noinline))
#ifdef NEW
#define WIDE
#endif
#include "rec.h"
static struct rec *recs;
NOINLINE int a_get(void) { return recs ? recs->tail : 1; }
void a_set(void *p) { recs = p; }
