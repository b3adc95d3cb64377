#ifdef NEW
#define V(old, new) new
#else
#define V(old, new) old
#endif
#define NI __attribute__((noinline))
volatile int two = 2;
NI int grown(int v) { return V(v * 3, v > 50 ? v * v * two + v / two : v * 3 + 1); }
NI int first(int v) { return v * 5 + two; }
NI int second(int v) { return v * 7 - two; }
NI int look(int v) {
    const int numbers[16] = { 0x1000, 0x1010, 0x1020, 0x1030, 0x1040, 0x1050, 0x1060, 0x1070,
                              0x1080, 0x1090, 0x10a0, 0x10b0, 0x10c0, 0x10d0, V(3, 4), 9 };
    return numbers[v & 15] >> 4;
}
int start(void) { return grown(two) + first(two) + second(two) + look(two * 7) + look(two); }
