#ifdef NEW
#define OLD_NEW(a, b) b
#else
#define OLD_NEW(a, b) a
#endif
#define NOINLINE __attribute__((noinline))
namespace { struct Cache { int hits; OLD_NEW(, int misses;) int size; }; Cache *cache; }
extern "C" NOINLINE void use(void *p) { cache = (Cache *)p; }
extern "C" NOINLINE int size(int k) { return cache ? cache->size + k OLD_NEW(, + cache->misses) : k; }
extern "C" int start() { use(0); return size(5); }
