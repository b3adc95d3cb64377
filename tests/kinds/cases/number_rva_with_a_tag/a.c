__asm__(".section .rdata,\"dr\"\n.p2align 2\n.byte 0, 0, 0\n"
        ".globl table\ntable: .byte 7\n.long second@IMGREL+1\n.text");
struct __attribute__((packed)) entry { unsigned char kind; unsigned rva; };
extern const struct entry table;
extern char base[] __asm__("__ImageBase");
volatile int two = 2;
__attribute__((noinline, used)) int first(int v) {
#ifdef NEW
    return v > 50 ? v * v * two + v / two : v * 3 + 1;
#else
    return v * 3;
#endif
}
__attribute__((noinline, used)) int second(int v) { return v * 5; }

__attribute__((noinline)) int call(int v) {
    const volatile struct entry *p = &table;
    return ((int (*)(int))(base + p->rva - 1))(v);
}
int start(void) { return first(two) + call(two); }
