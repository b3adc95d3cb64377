typedef int (*plain)(int);
typedef int (*two)(int, int);
void *volatile handler;
volatile int seven = 7;
__attribute__((noinline)) void install() {
#ifdef NEW
    two f = [](int a, int b) { return a * b + 40; };
#else
    plain f = [](int a) { return a + 3; };
#endif
    handler = (void *)f;
}
__attribute__((noinline)) int call() {
#ifdef NEW
    return ((two)handler)(seven, 2);
#else
    return ((plain)handler)(seven);
#endif
}
extern "C" int start() {
    install();
    return call();
}
