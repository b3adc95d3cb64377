__asm__(".section .rdata,\"dr\"\n.p2align 2\n"
#ifdef NEW
        ".globl table\ntable: .long first@IMGREL, 7, second@IMGREL\n.text");
#define LAST 2
#else
        ".globl table\ntable: .long first@IMGREL, second@IMGREL, 7\n.text");
#define LAST 1
#endif
extern const unsigned table[3];
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
    const volatile unsigned *p = table;
    return ((int (*)(int))(base + p[LAST]))(v);
}
int start(void) { return first(two) + call(two); }
