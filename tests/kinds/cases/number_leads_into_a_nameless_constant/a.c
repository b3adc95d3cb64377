#ifdef NEW
#define V(old, new) new
#else
#define V(old, new) old
#endif
#define NI __attribute__((noinline))
extern char __ImageBase;
__asm__(".section .rdata,\"dr\"\n .p2align 4\nLfees: .long 4, 5, 7, 8, 9, 10, 11, 12\n .text\n");
__attribute__((used)) const int behind[24] = {5};
// Its first parameter is the address of the image.
__attribute__((naked)) int fee(const char *base, long long i) {
    __asm__("movl Lfees@IMGREL+8(%rcx,%rdx,4), %eax\n add $" V("1", "2") ", %eax\n ret");
}
volatile int one = 1;
int start(void) { return fee(&__ImageBase, one); }
