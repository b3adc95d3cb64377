#define NI __attribute__((noinline))
#ifdef NEW
_Thread_local int second[4] = { 11, 12, 13, 14 };
_Thread_local int first[4] = { 1, 2, 3, 4 };
#else
_Thread_local int first[4] = { 1, 2, 3, 4 };
_Thread_local int second[4] = { 11, 12, 13, 14 };
#endif
// The first variable behind the header of the block, and how it is got at.
__attribute__((naked)) int look(long long i) {
    __asm__("movl _tls_index(%rip), %eax\n"
            "movq %gs:0x58, %rdx\n"
            "movq (%rdx,%rax,8), %rax\n"
            "imulq $4, %rcx, %rcx\n"
            "xorq %rcx, %rax\n"
            "movl 16(%rax), %eax\n"
            "ret");
}
NI int both(int i) { return first[i] * 2 + second[i]; }
volatile int one = 1;
int start(void) { return both(one) + look(0); }
