static long total = 1;
static long last;
__attribute__((noinline)) long outlay(long n) {
    last = total;
    total -= n;
    return total + last;
}
