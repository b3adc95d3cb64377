typedef int (*fn)(int);
#define N __attribute__((noinline))
static N int stub(int x) { volatile int k = x; return k * 2; }
static N int real(int x) { volatile int k = x; return k * 3 + 1; }
static volatile fn list[2] = { stub, real };
N int run(int x) {
    int found = 0;
    for (int i = 0; i < 2; i++) if (list[i] == stub) found += 10; else if (list[i] == real) found += 20;
#ifdef NEW
    return found + x + 1;
#else
    return found + x;
#endif
}
