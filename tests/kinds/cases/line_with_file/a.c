volatile int failures;
__attribute__((noinline)) void failed(const char *what, const char *file, unsigned line) {
    failures += what[0] + file[0];
}
__attribute__((noinline)) void failed_at(unsigned line, int code, const char *file) { failures += code + file[1]; }
#define CHECK(x) ((x) ? (void)0 : failed(#x, __FILE__, __LINE__))
#define FAIL(code) failed_at(__LINE__, code, __FILE__)
#ifdef NEW
#define BASE 50
#else
#define BASE 40
#endif
#line BASE "a.c"
__attribute__((noinline)) int half(int n) {
    CHECK(n % 2 == 0);
    return n / 2;
}
__attribute__((noinline)) int quarter(int n) {
    if (n % 4)
        FAIL(9);
    return n / 4;
}
int start(void) { return half(3) + quarter(6) + failures; }
