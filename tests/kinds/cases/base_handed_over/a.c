#ifdef NEW
#define FOURTH 88
#else
#define FOURTH 8
#endif
__attribute__((used)) const int prices[8] = { 5, 6, 7, FOURTH, 9, 10, 11, 12 };
extern char __ImageBase[];
__attribute__((naked)) int price(int i, void *base) { __asm__("movl %ecx, %ecx\n movl prices@IMGREL(%rdx,%rcx,4), %eax\n ret\n"); }
const int *keep(void) { return prices; }
int start(void) { return price(3, __ImageBase) + keep()[1]; }
