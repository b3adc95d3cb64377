#ifdef NEW
#define V(old, new) new
#else
#define V(old, new) old
#endif
#define NI __attribute__((noinline))
volatile int calls;
NI int step(int v) { calls += v; return v; }
NI int work(int k, int v) {
    switch (k) {
    case 0: return step(v) + 1;
    case 1: step(v); return step(v * 2) * 3;
    case 2: return V(step(v) - 4, step(v + 1) * 7);
    case 3: step(v); step(v); return v * v;
    case 4: return step(v * v) ^ 5;
    case 5: calls = 0; return step(9);
    }
    return 0;
}
volatile int two = 2;
int start(void) { return work(two, two) * 16 + work(two + 1, 3) + work(two - 2, 1) + calls; }
