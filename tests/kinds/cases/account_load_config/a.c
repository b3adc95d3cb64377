#ifdef NEW
#define TIMEOUT 5000
#else
#define TIMEOUT 2000
#endif
struct config {
    unsigned size, time, version, clear, set, timeout;
    unsigned char rest[0x140 - 24];
};
const struct config _load_config_used = {0x140, 0, 0, 0, 0, TIMEOUT, {0}};
volatile int amount = 6;
__attribute__((noinline)) int price(int n) { return n * 5; }
int start(void) { return price(amount); }
