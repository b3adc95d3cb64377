#ifdef NEW
#define V(old, new) new
#else
#define V(old, new) old
#endif
#define NI __attribute__((noinline))
NI int work(int i) {
    void *next = i > 3 ? &&one : &&two;
    goto *next;
one:
    return V(1, 4) + i;
two:
    return i * 7;
}
volatile int second = 5;
int start(void) { return work(second); }
