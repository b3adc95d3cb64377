#ifdef NEW
#define OLD_NEW(a, b) b
#else
#define OLD_NEW(a, b) a
#endif
#define NOINLINE __attribute__((noinline))
struct item { int id; OLD_NEW(, int pad;) long long value; };
static struct item *items;
NOINLINE long long first_value(void) { return items ? items->value OLD_NEW(, + 1) : 0; }
NOINLINE void keep(void *p) { items = p; }
