static long total = 1;
static long last;
__attribute__((noinline)) long outlay(long n) {
    last = total;
#ifdef NEW
    total -= n + 5;
#else
    total -= n;
#endif
    return total + last;
}
