#ifdef NEW
#define V(old, new) new
#else
#define V(old, new) old
#endif
#define NI __attribute__((noinline))
struct step { void *code; int number; };
struct step steps[4];
NI int work(int i) {
    static const void *const labels[3] = { &&one, &&two, &&three };
    if (i < 0) {
        for (int n = 0; n < 3; n++) steps[n].code = (void *)labels[n];
        return 0;
    }
    goto *steps[i].code;
one:
    return V(1, 4);
two:
    return steps[i].number + 2;
three:
    return steps[i].number * 3 + 5;
}
volatile int first = -1, second = 1;
int start(void) { return work(first) + work(second); }
