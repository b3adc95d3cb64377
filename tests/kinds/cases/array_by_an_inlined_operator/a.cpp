#ifdef NEW
#define V(old, new) new
#else
#define V(old, new) old
#endif
#define NI __attribute__((noinline))
typedef decltype(sizeof 0) size_t;
extern "C" NI void *take(size_t size);
extern "C" NI void give(void *at);
char heap[1024];
static size_t used;
extern "C" void *take(size_t size) { char *at = heap + used; used += size; return at; }
extern "C" void give(void *at) { used = static_cast<char *>(at) - heap; }
inline void *operator new[](size_t size) { return take(size); }
inline void operator delete[](void *at) noexcept { give(at); }
inline void operator delete[](void *at, size_t) noexcept { give(at); }
volatile int left;
struct row { int value; V(~row() = default;, ~row() { left = left + value; }) };
static row *rows;
NI void make(int count) { rows = new row[count]; rows[0].value = 2; rows[1].value = 3; }
NI int drop() { delete[] rows; return left; }
volatile int two = 2;
extern "C" int start() { make(two); return drop() + 1; }
