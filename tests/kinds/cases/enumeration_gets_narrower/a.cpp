#ifdef NEW
#define OLD_NEW(a, b) b
#else
#define OLD_NEW(a, b) a
#endif
#define NOINLINE __attribute__((noinline))
enum class Level : OLD_NEW(unsigned, unsigned char) { LOW, MIDDLE, HIGH };
struct Item { long long id; Level level; };
Item *items;
extern "C" NOINLINE int is_high(int k) { return items ? items->level == Level::HIGH : k; }
extern "C" int start() { return is_high(2); }
