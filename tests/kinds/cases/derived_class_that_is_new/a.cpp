#ifdef NEW
#define V(old, new) new
#else
#define V(old, new) old
#endif
#define NI __attribute__((noinline))
inline void *operator new(decltype(sizeof 0), void *at) noexcept { return at; }
extern "C" void _purecall() {}
extern "C" void __cxa_pure_virtual() {}
static char memory[64];
static int top;
extern "C" NI void *take(int size) {
    char *at = memory + top;
    top += size;
    return at;
}
struct Account {
    int sum;
    virtual int worth() { return sum; }
};
struct Other : Account {
    int worth() override { return sum + 1; }
};
#ifdef NEW
struct Limited : Account {
    int limit;
    int worth() override { return sum < limit ? sum : limit; }
};
#endif
static Account *volatile kept;
extern "C" NI void make(int sum) {
#ifdef NEW
    if (sum > 5) {
        Limited *made = new (take(sizeof *made)) Limited;
        made->sum = sum;
        made->limit = 5;
        kept = made;
        return;
    }
#endif
    Account *made = new (take(sizeof *made)) Other;
    made->sum = sum;
    kept = made;
}
volatile int one = 1;
extern "C" int start() {
    make(one);
    make(one + 76);
    return kept->worth();
}
