volatile int failures;
__attribute__((noinline, optnone)) int failed(int n, const char *file, unsigned line) {
    failures += n + file[0];
    return (int)line & 0;
}
#ifdef NEW
#define BASE 60
#else
#define BASE 40
#endif
#line BASE "a.c"
__attribute__((noinline)) int half(int n) {
    return failed(n,
                  __FILE__,
                  __LINE__);
}
int start(void) { return half(3) + failures; }
