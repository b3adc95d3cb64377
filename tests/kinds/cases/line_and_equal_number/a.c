volatile int sum;
__attribute__((noinline, optnone)) int note(const char *file, int code, int line) { sum += code; return code + file[0] - 'a'; }
#define NOTE(code) note(__FILE__, code, __LINE__)
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
    return NOTE(CODE) + n;
}
volatile int one = 1;
int start(void) { return check(one); }
