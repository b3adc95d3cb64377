#ifdef NEW
#define V(old, new) new
#else
#define V(old, new) old
#endif
#define NI __attribute__((noinline))
static int ready, tripped, offset;
int value;
NI void init(void) {
    ready = 1;
    value = 3;
}
NI int other(void) { return ready ? value : 0; }
NI int use(int i) {
#ifdef NEW
    if (i > 100)
        tripped = 1, offset = 40;
    if (tripped && i > 7)
        return -1;
#endif
#ifdef NEW
    return other() + i + offset;
#else
    return other() + i;
#endif
}
volatile int one = 1;
int start(void) {
    init();
    return use(one) * 16 + use(100 + one) * 4 + use(one);
}
