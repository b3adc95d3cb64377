#ifdef NEW
#define V(old, new) new
#else
#define V(old, new) old
#endif
#define NI __attribute__((noinline))
extern char __ImageBase;
V(__attribute__((used)) const int before[24] = {3};,)
__attribute__((used)) const int fees[8] = {4, 5, 7, 8, 9, 10, 11, 12};
NI const int *all(void) { return fees; }
// Its first parameter is the address of the image.
__attribute__((naked)) int fee(const char *base, long long i) {
    __asm__(V("movl %edx, %eax", "movl fees@IMGREL(%rcx,%rdx,4), %eax") "\n ret");
}
volatile int one = 1;
int start(void) { return fee(&__ImageBase, one) + all()[2]; }
