#ifdef NEW
#define FOURTH 88
#else
#define FOURTH 8
#endif
__attribute__((used)) static const int prices[8] = { 5, 6, 7, FOURTH, 9, 10, 11, 12 };
__attribute__((naked)) int price(int i) { __asm__(
    "leaq __ImageBase(%rip), %rdx\n"
    "movq %rdx, 16(%rsp)\n"
    "xorl %edx, %edx\n"
    "movq 16(%rsp), %r9\n"
    "movl %ecx, %ecx\n"
    "movl prices@IMGREL(%r9,%rcx,4), %eax\n"
    "ret\n"); }
const int *keep(void) { return prices; }
int start(void) { return price(3) + keep()[1]; }
