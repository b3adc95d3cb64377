static long calls = 4;
static __attribute__((noinline)) long step(long n) {
    calls += n;
    return calls * 3;
}
__attribute__((noinline)) long income(long n) { return step(n) + 1; }
