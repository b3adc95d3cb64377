extern char __guard_fids_table[], __guard_fids_count[], __guard_flags[];
// The fields of the load configuration that control flow guard reads.
struct config {
    unsigned size;
    unsigned char head[0x80 - 4];
    char *table, *count, *flags;
    unsigned char rest[0x140 - 0x98];
};
const struct config _load_config_used = {
    0x140, { 0 }, __guard_fids_table, __guard_fids_count, __guard_flags, { 0 }
};
volatile int amount = 6;
__attribute__((noinline)) int twice(int n) { return n * 2 + amount; }
__attribute__((noinline)) int thrice(int n) { return n * 3 + amount; }
typedef int (*step)(int);
volatile step steps = twice;
__attribute__((noinline)) int through(step to, int n) { return to(n) + amount; }
__attribute__((noinline)) int price(int n) {
#ifdef NEW
    return through(TAKEN, n) + 1;
#else
    return thrice(n);
#endif
}
int start(void) { return price(amount) + steps(amount) + thrice(1) + through(steps, 1); }
