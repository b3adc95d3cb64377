#ifdef NEW
#define OLD_NEW(a, b) b
#else
#define OLD_NEW(a, b) a
#endif
#define NOINLINE __attribute__((noinline))
namespace { struct Key { int a; }; struct Cache { Key key; Key *more; int (*hash)(Key *); enum Mode { OFF, ON } mode; }; Cache *cache; Key last; }
extern "C" NOINLINE void use(void *p) { cache = (Cache *)p; }
extern "C" NOINLINE int size(int k) { last.a += k; return cache ? cache->key.a + cache->mode + cache->hash(&last) : k + OLD_NEW(1, 2); }
extern "C" int start() { use(0); return size(5); }
