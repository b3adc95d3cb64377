#ifdef NEW
#define PLUS 40
#else
#define PLUS 3
#endif
typedef int (*plain)(int);
plain volatile handler;
volatile int seven = 7;
__attribute__((noinline)) void install() {
    plain f = [](int a) { return a + PLUS; };
    handler = f;
}
__attribute__((noinline)) int call() { return handler(seven); }
extern "C" int start() {
    install();
    return call();
}
