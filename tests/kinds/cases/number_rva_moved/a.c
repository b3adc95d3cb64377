__asm__(".section .rdata,\"dr\"\n.p2align 2\n"
        ".globl table\ntable: .long second@IMGREL, numbers@IMGREL\n"
#ifdef NEW
        ".globl added\nadded: .long 7, 7, 7, 7, 7\n"
#endif
        ".globl numbers\nnumbers: .long 5, 6, 7, 8\n.text");
extern const unsigned table[2];
extern char base[] __asm__("__ImageBase");
__attribute__((noinline)) int first(int v) {
#ifdef NEW
    return v * 3 + 1;
#else
    return v * 3;
#endif
}
__attribute__((noinline, used)) int second(int v) { return v * 5; }
__attribute__((noinline)) int call(int v) {
    const unsigned *p = table;
    __asm__("" : "+r"(p));
    return ((int (*)(int))(base + *p))(v);
}
volatile int two = 2;
int start(void) { return first(two) + call(two); }
