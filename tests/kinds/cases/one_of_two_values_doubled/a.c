#ifdef NEW
#define V(old, new) new
#else
#define V(old, new) old
#endif
#define NI __attribute__((noinline))
static int mode;
volatile int one = 1;
NI void set(void) { mode = V(1, 2); }
NI int read(void) { return mode; }
int start(void) {
    if (one)
        set();
    return read();
}
