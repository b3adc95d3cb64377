#ifdef NEW
#define OLD_NEW(a, b) b
#else
#define OLD_NEW(a, b) a
#endif
#define NOINLINE __attribute__((noinline))

extern char __ImageBase;

__attribute__((used)) const int fees[8] = {4, OLD_NEW(5, 6), 7, 8, 9, 10, 11, 12};
NOINLINE const int *all(void) { return fees; }
// Its first parameter is the address of the image.
__attribute__((naked)) int fee(const char *base, long long i) { __asm__("movl fees@IMGREL(%rcx,%rdx,4), %eax\n ret"); }
NOINLINE int other(int k) { return k + 1; }
volatile int one = 1;
int start(void) { return fee(&__ImageBase, one) + other(2) + all()[2]; }
