__asm__(".section .rdata,\"dr\"\n.p2align 4\n"
#ifdef NEW
        "Lhidden: .long 21, 22, 23, 24\n"
#else
        "Lhidden: .long 11, 12, 13, 14\n"
#endif
        ".text");
static const int rates[4] = { 3, 1, 4, 1 };
volatile int two = 2;
__attribute__((noinline)) int rate(int n) { return rates[n & 3]; }
int start(void) { return rate(two); }
