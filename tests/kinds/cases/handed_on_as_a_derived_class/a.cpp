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
volatile int one = 1;
struct Account {
    int sum;
};
#ifdef NEW
struct Limited : Account {
    int limit;
    NI int room() { return limit - sum + one; }
};
#endif
static Account *kept;
#define Kind V(Account, Limited)
extern "C" NI void make(int sum) {
    Kind *made = new (take(sizeof *made)) Kind;
    made->sum = sum;
    V(, made->limit = 5;)
    kept = made;
}
extern "C" NI int use() { return V(kept->sum, static_cast<Limited *>(kept)->room()); }
extern "C" int start() {
    make(one);
    make(one + 76);
    return use();
}
