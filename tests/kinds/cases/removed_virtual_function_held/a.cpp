#ifdef NEW
#define V(old, new) new
#else
#define V(old, new) old
#endif
#define NI __attribute__((noinline))
extern "C" void _purecall() {}
extern "C" void __cxa_pure_virtual() {}
inline void *operator new(decltype(sizeof 0), void *at) noexcept { return at; }
volatile int zero;
struct Base {
    virtual int worth() { return zero + 1; }
};
struct Account : Base {
#ifndef NEW
    int worth() override { return zero + 2; }
#endif
};
static char memory[16];
static Base *volatile kept;
extern "C" NI void make() { kept = new (memory) Account; }
extern "C" int start() {
    make();
    return kept->worth();
}
