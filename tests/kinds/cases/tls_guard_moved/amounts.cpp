volatile int seed = 3;
struct Amount {
    int value;
    Amount() : value(seed * 7) {}
};
thread_local Amount amount;
extern "C" __attribute__((noinline)) int amounts() { return amount.value++; }
