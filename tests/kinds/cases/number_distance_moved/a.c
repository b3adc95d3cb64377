__asm__(".section .rdata,\"dr\"\n.p2align 2\n"
        ".globl ways\nways: .long left-., right-., tail-ways\n"
        ".globl left\nleft: .long 1, 2, 3, 4\n"
#ifdef NEW
        ".globl added\nadded: .long 7, 7, 7, 7, 7\n"
#endif
        ".globl right\nright: .long 5, 6, 7, 8\n"
        ".globl tail\ntail: .long 9, 10, 11, 12\n.text");
extern const int ways[3];
__attribute__((noinline)) int go(int which, int i) {
    const int *p = ways + which;
    __asm__("" : "+r"(p));
    int found = ((const int *)((const char *)p + *p))[i];
#ifdef NEW
    found++;
#endif
    return found;
}
volatile int one = 1;
int start(void) { return go(one, one); }
