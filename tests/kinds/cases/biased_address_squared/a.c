#ifdef NEW
#define BASE 200
#else
#define BASE 100
#endif
#define R(b) b, b + 1, b + 2, b + 3, b + 4, b + 5, b + 6, b + 7
#define T(b) R(b), R(b + 8), R(b + 16), R(b + 24), R(b + 32), R(b + 40), R(b + 48), R(b + 56)
__attribute__((used)) const int first[64] = { T(10) };
__attribute__((used)) const int table[65] = { 7, T(BASE) };
__attribute__((naked)) int look(int i) { __asm__(
    "andl $7, %ecx\n"
    "imull %ecx, %ecx\n"
    "leaq table-64(%rip), %rax\n"
    "movl (%rax,%rcx,4), %eax\n"
    "ret\n"); }
volatile int three = 3;
int start(void) { return look(three); }
const int *keep(int i) { return first + table[i]; }
