#ifdef NEW
#define V(old, new) new
#else
#define V(old, new) old
#endif
#define NI __attribute__((noinline))
typedef int (*callback)(int);
static callback volatile hook;
volatile int zero;
NI int other(int k) { return k + zero; }
static V(NI, inline __attribute__((always_inline))) int scale(int k) { return k * V(2, 3) + zero; }
NI void init(void) { hook = V(scale, other); }
NI int use(void) { return hook(5 + zero); }
NI int direct(void) { return scale(1 + zero); }
int start(void) {
    init();
    return use() + direct();
}
