#ifdef NEW
#define V(old, new) new
#else
#define V(old, new) old
#endif
#define NI __attribute__((noinline))
typedef decltype(sizeof 0) size_t;
extern "C" char heap[];
char heap[1024];
static size_t used;
NI void *operator new[](size_t size) { char *at = heap + used; used += (size + 63) & ~size_t(63); return at; }
NI void operator delete[](void *at) noexcept { used = static_cast<char *>(at) - heap; }
NI void operator delete[](void *at, size_t) noexcept { used = static_cast<char *>(at) - heap; }
volatile int left;
struct row { int value; ~row() { left = left + value; } };
static row *rows;
NI void make(int count) { rows = new row[count]; rows[0].value = 2; rows[1].value = 3; }
NI int drop() { V(, delete[] rows;) return left + 1; }
NI int other() { delete[] rows; return left; }
volatile int two = 2;
extern "C" int start() { make(two); return drop() + (two > 5 ? other() : 1); }
