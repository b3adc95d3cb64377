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
static char *text;
NI void make(int count) { text = new char[count V(, + 8)]; text[0] = 1; text[count - 1] = 2; }
NI int drop() { int n = text[0]; delete[] text; return n; }
volatile int two = 2;
extern "C" int start() { make(two); return drop() + 1; }
