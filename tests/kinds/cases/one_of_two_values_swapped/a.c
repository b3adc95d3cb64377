#ifdef NEW
#define V(old, new) new
#else
#define V(old, new) old
#endif
#define NI __attribute__((noinline))
static int mode = V(5, 8);
volatile int one = 1;
NI void set(void) { mode = V(8, 5); }
NI int read(void) { return mode; }
int start(void) {
    if (one)
        set();
    return read();
}
