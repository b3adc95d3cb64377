int first(int);
int second(int);
int (*place(void *))(int);
volatile int two = 2;
__attribute__((noinline)) int call(int v) { return place(first)(v); }
int start(void) { return first(two) * 2 + second(two) + call(two); }
