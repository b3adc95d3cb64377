#ifdef NEW
#define V(old, new) new
#else
#define V(old, new) old
#endif
#define NI __attribute__((noinline))
inline void *operator new(decltype(sizeof 0), void *at) noexcept { return at; }
static char memory[64];
static int top;
extern "C" NI void *take(int size) {
    char *at = memory + top;
    top += size;
    return at;
}
struct Account {
    int sum;
};
struct Limited : Account {
    int limit;
};
static Account *kept;
#define Kind V(Account, Limited)
extern "C" NI void make(int sum) {
    Kind *made = new (take(sizeof *made)) Kind;
    made->sum = sum;
    V(, made->limit = 5;)
    kept = made;
}
extern "C" NI int use() { return kept->sum + V(0, static_cast<Limited *>(kept)->limit * 10); }
volatile int one = 1;
extern "C" int start() {
    make(one);
    make(one + 76);
    return use();
}
