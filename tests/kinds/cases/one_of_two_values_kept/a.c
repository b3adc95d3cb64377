#ifdef NEW
#define V(old, new) new
#else
#define V(old, new) old
#endif
#define NI __attribute__((noinline))
static int mode;
volatile int one = 1, last;
NI void set(void) { mode = 70; }
NI int read(int n) {
    last = mode;
    return n < V(100, 50) ? n : last;
}
int start(void) {
    if (one)
        set();
    return read(70 + one);
}
