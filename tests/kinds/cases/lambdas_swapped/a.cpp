#ifdef NEW
#define V(old, new) new
#else
#define V(old, new) old
#endif
#define NI __attribute__((noinline))
#define AB [a, b]
#define BA [b, a]
struct Job {
    virtual int run() = 0;
};
inline void *operator new(decltype(sizeof 0), void *at) noexcept { return at; }
template <class F> struct Kept : Job {
    F f;
    Kept(F given) : f(given) {}
    NI int run() override { return f(); }
};
extern "C" void _purecall() {}
extern "C" void __cxa_pure_virtual() {}
static char memory[2][64];
static Job *volatile first, *volatile second;
template <class F> NI Job *keep(void *at, F f) { return new (at) Kept<F>(f); }
extern "C" NI void make(int a, short b) {
    first = keep(memory[0], V(AB, BA) { return a * 10 + b; });
    second = keep(memory[1], V(BA, AB) { return a * 10 + b; });
}
volatile int one = 1;
extern "C" int start() {
    make(one, 2);
    return first->run() + second->run();
}
