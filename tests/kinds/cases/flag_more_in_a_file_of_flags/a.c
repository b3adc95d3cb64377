#ifdef NEW
#define V(old, new) new
#else
#define V(old, new) old
#endif
#define NI __attribute__((noinline))
static int ready, tripped;
int value;
NI void init(void) {
    ready = 1;
    value = 3;
}
NI int other(void) { return ready ? value : 0; }
NI int use(int i) {
#ifdef NEW
    if (i > 100)
        tripped = 1;
    if (tripped)
        return -1;
#endif
    return other() + i;
}
volatile int one = 1;
int start(void) {
    init();
    return use(one) * 16 + use(100 + one) * 4 + use(one);
}
