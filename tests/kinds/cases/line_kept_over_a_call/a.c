volatile int failures;
__attribute__((noinline, optnone)) void failed(const char *file, unsigned line) { failures += file[0]; }
__attribute__((noinline, optnone)) void look(int n) { failures += n; }
#ifdef NEW
#define BASE 60
#else
#define BASE 40
#endif
#line BASE "a.c"
__attribute__((noinline)) int half(int n) {
    unsigned line = __LINE__;
    __asm__("" : "+r"(line));
    look(n);
    if (n > 2)
        failed(__FILE__, line);
    return n + 2;
}
volatile int three = 3;
int start(void) { return half(three) + failures; }
