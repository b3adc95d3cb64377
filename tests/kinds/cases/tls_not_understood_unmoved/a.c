#ifdef NEW
#define V(old, new) new
#else
#define V(old, new) old
#endif
#define NI __attribute__((noinline))
_Thread_local int first[4] = { 1, 2, 3, 4 };
_Thread_local int second[4] = { 11, 12, 13, 14 };
// The first variable behind the header of the block, and how it is got at.
__attribute__((naked)) int look(void) {
    __asm__("movl _tls_index(%rip), %eax\n"
            "movq %gs:0x58, %rdx\n"
            "movq (%rdx,%rax,8), %rax\n"
            "movl 16(%rax), %eax\n"
            "ret");
}
NI int both(int i) { return first[i] * V(2, 3) + second[i]; }
volatile int one = 1;
int start(void) { return both(one) + look(); }
