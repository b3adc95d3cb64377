#ifdef NEW
#define MORE 1
#else
#define MORE 0
#endif
__attribute__((used)) static const int prices[8] = { 5, 6, 7, 8, 9, 10, 11, 12 };
__attribute__((naked)) int price(int i) { __asm__(
    "leaq __ImageBase(%rip), %r9\n"
    "subq $48, %r9\n"
    "movl %ecx, %ecx\n"
    "leaq (%r9,%rcx,4), %r9\n"
    "movl prices@IMGREL+48(%r9), %eax\n"
    "ret\n"); }
const int *keep(void) { return prices; }
__attribute__((noinline)) int other(int x) { return x * 3 + MORE; }
volatile int three = 3;
int start(void) { return price(three) + other(keep()[1]); }
