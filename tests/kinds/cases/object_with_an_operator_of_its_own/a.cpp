#ifdef NEW
#define V(old, new) new
#else
#define V(old, new) old
#endif
#define NI __attribute__((noinline))
typedef decltype(sizeof 0) size_t;
namespace std { enum class align_val_t : size_t {}; }
extern "C" char heap[];
alignas(64) char heap[4096];
static size_t used, freed, aligned;
NI void *operator new(size_t size) { used += size; return heap + used; }
NI void *operator new(size_t size, std::align_val_t) { used += 64; return heap + used; }
NI void operator delete(void *) noexcept { freed++; }
NI void operator delete(void *, size_t) noexcept { freed++; }
NI void operator delete(void *, std::align_val_t) noexcept { aligned++; }
NI void operator delete(void *, size_t, std::align_val_t) noexcept { aligned++; }
struct row { int value; V(, static void *operator new(size_t size); static void operator delete(void *);) };
V(, NI void *row::operator new(size_t size) { used += size; return heap + used; } NI void row::operator delete(void *) { aligned++; })
NI row *make(int n) { row *r = new row; r->value = n; return r; }
NI int drop(row *r) { int n = r->value; delete r; return n; }
volatile int two = 2;
extern "C" int start() { return drop(make(two)); }
