extern char base[] __asm__("__ImageBase");
int first(int), second(int);
int (*place(char *image))(int);
volatile int two = 2;
__attribute__((noinline)) int call(int v) {
#ifdef NEW
    return place(base)(v);
#else
    return second(v);
#endif
}
int start(void) { return first(two) * 2 + second(two) + call(two); }
