extern char base[] __asm__("__ImageBase");
extern const volatile unsigned table[1];
int first(int);
int second(int);
volatile int two = 2;
__attribute__((noinline)) int call(int v) { return ((int (*)(int))(base + table[0]))(v); }
int start(void) { return first(two) * 2 + second(two) + call(two); }
