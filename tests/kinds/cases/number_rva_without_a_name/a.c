__asm__(".section .rdata,\"dr\"\n.p2align 2\n"
#ifdef NEW
        "table: .long second@IMGREL, 6\n.text\n"
#else
        "table: .long second@IMGREL, 5\n.text\n"
#endif
        ".globl place\nplace: lea table(%rip), %rax\n	ret\n");
const volatile unsigned *place(void);
extern char base[] __asm__("__ImageBase");
volatile int two = 2;
__attribute__((noinline, used)) int first(int v) {
#ifdef NEW
    return v > 50 ? v * v * two + v / two : v * 3 + 1;
#else
    return v * 3;
#endif
}
__attribute__((noinline, used)) int second(int v) { return v * 5; }

__attribute__((noinline)) int call(int v) {
    const volatile unsigned *p = place();
    return ((int (*)(int))(base + p[0]))(v) + p[1];
}
int start(void) { return first(two) + call(two); }
