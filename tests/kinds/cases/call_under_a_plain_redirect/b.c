volatile int calls;
int outer(void);
__attribute__((noinline)) int work(void) { return calls++; }
int start(void) { return outer() + outer() * 3 + calls; }
