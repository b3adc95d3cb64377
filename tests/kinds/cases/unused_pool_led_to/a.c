__asm__(".section .rdata,\"dr\"\n.p2align 4\n"
#ifdef NEW
        "Lhidden: .long 21, 22, 23, 24, 0\n"
#else
        "Lhidden: .long 11, 12, 13, 14, 0\n"
#endif
        ".section .where,\"dr\"\n.long Lhidden@IMGREL\n.text");
__attribute__((noinline)) double scaled(double by) { return by * 3.75; }
volatile double two = 2;
int start(void) { return (int)scaled(two); }
