volatile int failures, level;
__attribute__((noinline, optnone)) void failed(const char *file, unsigned line, unsigned other) {
    failures += file[0];
    level = other;
}
#ifdef NEW
#define BASE 60
#define LEVEL 63
#else
#define BASE 40
#define LEVEL 43
#endif
#line BASE "a.c"
__attribute__((noinline)) int half(int n) {
    if (n > 2)
        failed(__FILE__, LEVEL, __LINE__);

    failures++;
    return n + 2;
}
volatile int three = 3;
int start(void) { return half(three) + level; }
