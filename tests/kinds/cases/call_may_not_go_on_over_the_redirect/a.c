#ifdef NEW
#define V(old, new) new
#else
#define V(old, new) old
#endif
#define NI __attribute__((noinline))
volatile int two = 2;
__attribute__((naked)) int work(int n) {
    __asm__("leal -1(%rcx), %ecx\n nop\n nop\n cmpl $0, %ecx\n jg work\n leal " V("3", "5") "(%rcx), %eax\n ret");
}
int start(void) { return work(two); }
