extern char base[] __asm__("__ImageBase");
volatile int two = 2;
__attribute__((noinline, used)) int first(int v) {
#ifdef NEW
    return v > 50 ? v * v * two + v / two : v * 3 + 1;
#else
    return v * 3;
#endif
}
__attribute__((noinline, used)) int second(int v) { return v * 5; }

__attribute__((noinline)) int call(int v) {
    char *volatile before = (char *)second - 16;
    return ((int (*)(int))(before + 16))(v);
}
int start(void) { return first(two) + call(two); }
