volatile int in = 3, out;
#define F(n) __attribute__((noinline)) void f##n(int *p, int c) { \
        for (int i = 0; i < c; i++) { p[i] += n * 8; out += p[i]; } \
    }
F(1)
F(2)
F(3)
F(4)
F(5)
F(6)
F(7)
F(8)
F(9)
F(10)
F(11)
F(12)
F(13)
F(14)
F(15)
F(16)
F(17)
F(18)
F(19)
F(20)
#define C(n) f##n(list, in);
static int list[4];
int start(void) {
    C(1) C(2) C(3) C(4) C(5) C(6) C(7) C(8) C(9) C(10) C(11) C(12) C(13) C(14) C(15) C(16) C(17) C(18) C(19) C(20)
    return out & 63;
}
