extern "C" {
int __CxxFrameHandler3(void *, void *, void *, void *) { return 1; }
void __std_terminate() {}
void unused() {}
}
__asm__(".section .rdata,\"dr\"\n.p2align 4\n.Lnumbers: .long 1, 2, 3, 4\n"
        ".globl \"??_7type_info@@6B@\"\n\"??_7type_info@@6B@\": .quad unused\n.text\n"
        ".globl number\nnumber: lea .Lnumbers(%rip), %rax\n mov (%rax,%rcx,4), %eax\n ret");
#ifdef NEW
#define CAUGHT short
#else
#define CAUGHT double
#endif
extern "C" int _fltused = 1;
extern "C" int divide(int, int);
extern "C" __attribute__((noinline)) int guarded(int a, int b) {
  try {
    return divide(a, b) + 1;
  } catch (CAUGHT) {
    return -1;
  } catch (float) {
    return -2;
  }
}
