extern char base[] __asm__("__ImageBase");
int first(int);
int second(int);
int (*place(char *image))(int);
volatile int two = 2;
__attribute__((noinline)) int call(int v) { return place(base)(v); }
int start(void) { return first(two) * 2 + second(two) + call(two); }
