#ifdef NEW
#define V(old, new) new
#else
#define V(old, new) old
#endif
#define NI __attribute__((noinline))
volatile int seven = 7;
NI void fill(int *to, int count) {
    for (int i = 0; i < count * V(1, 6); i++)
        to[i] = seven;
}
