volatile int sum;
__attribute__((noinline, optnone)) int note(const char *file, int code) { sum += code; return code + file[0] - 'a'; }
__attribute__((noinline)) int other(int n) { return n < 0 ? 0 : note(__FILE__, 900); }
#ifdef NEW
#define BASE 60
#define CODE 63
#else
#define BASE 40
#define CODE 43
#endif
#line BASE "a.c"
__attribute__((noinline)) int check(int n) {
    if (n < 0)
        return 1;
    return note(__FILE__, CODE) + n;
}
volatile int one = 1;
int start(void) { return check(one) + other(-one); }
