#ifdef NEW
#define OLD_NEW(a, b) b
#else
#define OLD_NEW(a, b) a
#endif
#define NOINLINE __attribute__((noinline))

__asm__(".section .rdata,\"dr\"\n .p2align 4\n .globl first\nfirst: .long 1, 2, 3, 4, 5, 6, 7, 8\n .globl second\nsecond: .long 11, 12, " OLD_NEW("13", "23") ", 14, 15, 16, 17, 18\n .globl third\nthird: .long 31\n .text");
extern const int first[8], second[8];
NOINLINE int keep(int i) { return second[i & 7]; }
__attribute__((naked)) int pick(void) { __asm__("leaq first(%rip), %rax\n movl 40(%rax), %eax\n ret"); }
int start(void) { return pick() + keep(1) + first[2]; }
