#ifdef NEW
#define PLUS 40
#else
#define PLUS 3
#endif
typedef int (*plain)(int);
plain volatile handler, other;
volatile int seven = 7, installed;
__attribute__((noinline)) void install() {
    plain f = [](int a) { return a + PLUS; };
    plain g = [](int a) { return a * 9; };
    handler = f;
    other = g;
#ifdef NEW
    installed = 1;
#endif
}
__attribute__((noinline)) int call() { return handler(seven) + other(seven); }
extern "C" int start() {
    install();
    return call();
}
