#ifdef NEW
#define OLD_NEW(a, b) b
#else
#define OLD_NEW(a, b) a
#endif
// Where volatile memory is accessed, as Microsoft's linker lists it: a header, and the RVAs of
// instructions. They lead to where the code lies in each build.
__asm__(".section .rdata,\"dr\"\n"
        ".p2align 3\n"
        "metadata: .long 24, 0x80038003, places@IMGREL, 8, ranges@IMGREL, 8\n"
        "places: .long price@IMGREL, start@IMGREL\n"
        "ranges: .long price@IMGREL, 16\n"
        ".text\n");
extern const char metadata[];
struct config {
    unsigned size;
    unsigned char rest[0x100 - 4];
    const void *volatile_metadata;
    unsigned char more[0x140 - 0x108];
};
const struct config _load_config_used = {0x140, {0}, metadata, {0}};
volatile int amount = 6;
__attribute__((noinline)) int before(int n) { return n OLD_NEW(+ 1, * n * n * 7 + (n ^ 0x1234567)); }
__attribute__((noinline)) int after(int n) { return n + 3; }
__attribute__((noinline)) int price(int n) { return n * 5; }
int start(void) { return price(amount) + after(amount) + (before(amount) & 1); }
