#ifdef NEW
#define V(old, new) new
#else
#define V(old, new) old
#endif
#define NI __attribute__((noinline))
volatile int zero;
NI int work(int set) {
    int sum = 0;
    {
        enum E { V(LOW, LOW), V(MIDDLE, HIGH), V(HIGH, MIDDLE) };
        static enum E e;
        if (set)
            e = MIDDLE + zero;
        sum += e == MIDDLE;
    }
    {
        enum E { V(LOW, LOW), V(HIGH, MIDDLE), V(MIDDLE, HIGH) };
        static enum E f;
        if (set)
            f = MIDDLE + zero;
        sum += 10 * (f == MIDDLE);
    }
    return sum;
}
int start(void) { return work(1) + work(zero); }
