volatile int seen;
__attribute__((noinline, optnone)) int note(const char *file, int line) { seen = line; return file[0] - 'a'; }
__attribute__((noinline)) int merged(int n) { return n < 0 ? 0 : note(__FILE__, 900); }
#ifdef NEW
#define BASE 60
#else
#define BASE 40
#endif
#define GIVES(k) __attribute__((noinline)) int give##k(int n) { return n > k ? note("a text", __LINE__) : n; }
#line BASE "a.c"
GIVES(0)
GIVES(1)
GIVES(2)
GIVES(3)
GIVES(4)
GIVES(5)
GIVES(6)
GIVES(7)
GIVES(8)
GIVES(9)
GIVES(10)
GIVES(11)
GIVES(12)
GIVES(13)
GIVES(14)
GIVES(15)
GIVES(16)
GIVES(17)
GIVES(18)
GIVES(19)
volatile int one = 1;
int start(void) {
    int n = merged(one);
    n += give0(one);
    n += give1(one);
    n += give2(one);
    n += give3(one);
    n += give4(one);
    n += give5(one);
    n += give6(one);
    n += give7(one);
    n += give8(one);
    n += give9(one);
    n += give10(one);
    n += give11(one);
    n += give12(one);
    n += give13(one);
    n += give14(one);
    n += give15(one);
    n += give16(one);
    n += give17(one);
    n += give18(one);
    n += give19(one);
    return n;
}
