typedef int (*fn)(int);
static int leaf(int x) {
#ifdef NEW
    return x * 7;
#else
    return x * 5;
#endif
}
static volatile fn cur[3] = { leaf, leaf, leaf };
__attribute__((noinline)) int run(int x) { return cur[x & 1](x) + 1; }
