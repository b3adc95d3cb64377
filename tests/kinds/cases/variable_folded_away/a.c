#ifdef NEW
#define V(old, new) new
#else
#define V(old, new) old
#endif
#define NI __attribute__((noinline))
static volatile int sink;
static int limit = 10;
volatile int one = 1;
NI void set(void) {
    sink = 1;
    V(limit = 20, );
}
NI int use(int k) { return k < limit ? V(1, 2) : sink; }
int start(void) {
    if (one)
        set();
    return use(14 + one);
}
