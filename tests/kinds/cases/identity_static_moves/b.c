__attribute__((noinline)) int simple(int x) { return x * 5 + 1; }
#ifdef NEW
static int seen = 3;
__attribute__((noinline)) int count(int x) { seen += x; return seen * 2; }
#endif
