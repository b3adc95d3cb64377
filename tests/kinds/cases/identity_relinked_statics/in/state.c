static long total = 1;
static long last;
__attribute__((noinline)) long income(long n) {
    last = total;
#ifdef NEW
    total += n + 7;
#else
    total += n;
#endif
    return total + last;
}
