#ifdef NEW
#define V(old, new) new
#else
#define V(old, new) old
#endif
#define NI __attribute__((noinline))
static void *volatile state;
NI int work(int i) {
    if (i < 0) {
        state = i == -1 ? &&one : &&two;
        return 0;
    }
    goto *state;
one:
    return V(1, 4) + i;
two:
    return i * 7;
}
volatile int first = -1, second = 1;
int start(void) { return work(first) + work(second); }
