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
#ifdef NEW
NI int helper(int unit, int k) { return k * unit + zero; }
NI int direct(int k) { return helper(10, k); }
#else
NI int helper(int k) { return k + zero; }
NI int call_back(int k) { return helper(k) + 1; }
NI int direct(int k) { return helper(k); }
#endif
NI void init(void) { hook = V(call_back, other); }
NI int use(void) { return hook(5 + zero); }
int start(void) {
    init();
    return use() + direct(2);
}
