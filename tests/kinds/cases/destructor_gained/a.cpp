extern "C" char heap[];
typedef decltype(sizeof 0) size_t;
char heap[256];
static size_t used;
void *operator new[](size_t size) { char *at = heap + used; used += (size + 15) & ~size_t(15); return at; }
void operator delete[](void *at) noexcept { used = static_cast<char *>(at) - heap; }
void operator delete[](void *at, size_t) noexcept { used = static_cast<char *>(at) - heap; }
volatile int left;
struct row {
    int value;
#ifdef NEW
    ~row() { left = left + value; }
#endif
};
static row *rows;
__attribute__((noinline)) void make(int count) { rows = new row[count]; rows[0].value = 2; rows[1].value = 3; }
__attribute__((noinline)) int drop() { delete[] rows; return left; }
volatile int two = 2;
extern "C" int start() {
    make(two);
    return drop() + 1;
}
