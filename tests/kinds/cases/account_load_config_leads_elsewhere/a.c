#ifdef NEW
#define COOKIE second
#else
#define COOKIE first
#endif
unsigned long long first = 0x2b992ddfa232, second = 0x2b992ddfa233;
struct config {
    unsigned size;
    unsigned char head[0x58 - 4];
    unsigned long long *cookie;
    unsigned char rest[0x140 - 0x60];
};
const struct config _load_config_used = { 0x140, { 0 }, &COOKIE, { 0 } };
volatile int amount = 6;
__attribute__((noinline)) int price(int n) { return n * 5; }
int start(void) { return price(amount) + (first == second); }
