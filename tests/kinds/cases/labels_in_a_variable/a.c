#ifdef NEW
#define V(old, new) new
#else
#define V(old, new) old
#endif
#define NI __attribute__((noinline))
int rotate;
NI int work(int i) {
    static void *labels[3] = { &&one, &&two, &&three };
    if (rotate) labels[0] = labels[1];
    goto *labels[i];
one:
    return V(1, 4);
two:
    rotate += 2;
    return rotate * 2;
three:
    rotate += 3;
    return rotate;
}
volatile int second = 1;
int start(void) { return work(second); }
