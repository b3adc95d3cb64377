#ifdef NEW
#define LAST "5, 6"
#else
#define LAST "4"
#endif
#define NI __attribute__((noinline))
__asm__(".section .rdata,\"dr\"\n.p2align 4\n"
        "rows: .long Lhigh - rows, Llow - rows\n"
        "Llow: .long 1, 2\n"
        "Lhigh: .long 3, " LAST "\n"
        ".text");
NI int row(unsigned long long i) {
    int sum;
    __asm__("leaq rows(%%rip), %%rax\n movslq (%%rax,%1,4), %%rdx\n addq %%rax, %%rdx\n"
            "movl 4(%%rdx), %0"
            : "=r"(sum) : "r"(i) : "rax", "rdx");
    return sum;
}
NI const char *all(void) {
    const char *p;
    __asm__("leaq rows(%%rip), %0" : "=r"(p));
    return p;
}
NI int second(const char *from) {
    long long distance;
    __asm__("movslq rows+4(%%rip), %0" : "=r"(distance));
    return ((const volatile int *)(from + distance))[1];
}
volatile unsigned long long zero = 0;
int start(void) { return row(zero) * 8 + second(all()); }
