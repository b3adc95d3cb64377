volatile int failures;
__attribute__((noinline, optnone)) void failed(const char *file, unsigned line) { failures += file[0]; }
#ifdef NEW
#define BASE 60
#else
#define BASE 40
#endif
extern char inner[] __asm__("inner") __attribute__((visibility("hidden")));
__attribute__((noinline)) int holder(int n) {
    n ^= failures;
    __asm__ volatile(".globl inner\ninner: nop" : "+r"(n));
#ifdef NEW
    n = n * 3 + 1;
#endif
    return n * 5;
}
#line BASE "a.c"
__attribute__((noinline)) char *place(int n) {
    if (n % 2)
        failed(__FILE__, __LINE__);
    return inner;
}
volatile int three = 3;
int start(void) { return place(three) != 0 ? holder(three) : 0; }
