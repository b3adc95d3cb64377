#ifdef NEW
#define FACTOR 5
#else
#define FACTOR 2
#endif
static long calls = 4;
static __attribute__((noinline)) long step(long n) {
    calls += n;
    return calls * FACTOR;
}
__attribute__((noinline)) long outlay(long n) { return step(n) + 1; }
