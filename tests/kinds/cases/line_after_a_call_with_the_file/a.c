volatile int failures, level;
__attribute__((noinline, optnone)) void note(int a, int b, int c, const char *file) { failures += a + b + c + file[0]; }
__attribute__((noinline, optnone)) void limit(int n, int to) { level = to - n; }
#ifdef NEW
#define BASE 60
#define TO 63
#else
#define BASE 40
#define TO 43
#endif
#line BASE "a.c"
__attribute__((noinline)) int half(int n) {
    failures++;
    note(1, 2, 3, __FILE__);
    limit(n, TO);
    return n + 2;
}
volatile int three = 3;
int start(void) { return half(three) + level; }
