#define NI __attribute__((noinline))
NI int digest(const short *p, const short *end) {
    int n = 0;
    while (p != end) n = (n * 5 + *p++) & 127;
    return n;
}
static const short own[6] = { 2, 6, 5, 3, 5, 8 };
NI int of_own(void) { return digest(own, own + 6); }
