volatile int seed = 3;
struct Amount {
    int value;
    Amount() : value(seed * 7) {}
};
thread_local Amount amount;
// Statics are laid out in the order of their first use.
static thread_local unsigned char calls = 1;
static thread_local int sum = 5;
static __attribute__((noinline)) int count() { return ++calls; }
static __attribute__((noinline)) int add(int n) { return sum += n; }
#ifdef NEW
extern "C" __attribute__((noinline)) int amounts() { return add(amount.value++) + count(); }
#else
extern "C" __attribute__((noinline)) int amounts() { return count() + add(amount.value++); }
#endif
