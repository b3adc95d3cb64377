#define NI __attribute__((noinline))
struct work {
    int (*of)(int);
};
volatile int one = 1, rounds = 3;

NI static int twice(int n) { return n * 2 + one; }
#ifndef NEW
NI static int triple(int n) { return n * 3 + one; }
#endif
NI void choose(struct work *work) {
#ifdef NEW
    work->of = twice;
#else
    work->of = triple;
#endif
}
NI static int each(struct work *work) {
    int sum = 0;
    for (int i = 0; i < rounds; i++) {
        sum += work->of(i);
    }
    return sum;
}
int start(void) {
    struct work work;
    choose(&work);
    return each(&work) + twice(one);
}
