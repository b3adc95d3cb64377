#define R(b) b, b + 1, b + 2, b + 3, b + 4, b + 5, b + 6, b + 7
#define T(b) R(b), R(b + 8), R(b + 16), R(b + 24), R(b + 32), R(b + 40), R(b + 48), R(b + 56)
__attribute__((used)) const int first[64] = { T(10) };
#ifndef NEW
__attribute__((used)) const int between[64] = { T(50) };
#endif
__attribute__((used)) const int table[64] = { T(100) };
#ifdef NEW
#define PLUS "addl $1, %eax\n"
#else
#define PLUS "addl $0, %eax\n"
#endif
__attribute__((naked)) int look(int i) { __asm__(
    "andl $31, %ecx\n"
    "orl $64, %ecx\n"
    "movl $70, %edx\n"
    "cmpl $90, %ecx\n"
    "cmovgl %edx, %ecx\n"
    "leaq table-240(%rip), %rax\n"
    "movl (%rax,%rcx,4), %eax\n"
    PLUS "ret\n"); }
volatile int three = 3;
int start(void) { return look(three); }
