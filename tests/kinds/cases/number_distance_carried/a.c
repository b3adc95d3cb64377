__asm__(".section .rdata,\"dr\"\n.p2align 2\n"
#ifdef NEW
        ".globl added\nadded: .long 7, 7, 7, 7, 7\n"
        ".globl way\nway: .long 40, right-.\n"
#else
        ".globl way\nway: .long 30, right-.\n"
#endif
        ".section .data,\"dw\"\n.globl right\nright: .long 5, 6, 7, 8\n.text");
extern const int way[2];
__attribute__((noinline)) int go(int i) {
    const int *p = way;
    __asm__("" : "+r"(p));
    int *there = (int *)((char *)(p + 1) + p[1]);
    there[i] += 1;
    return there[i] + p[0];
}
extern int right[4];
volatile int one = 1;
int start(void) { int sum = go(one); return sum + right[1]; }
