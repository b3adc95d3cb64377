int guarded(int, int), number(long long);
volatile int twelve = 12, four = 4;
__attribute__((noinline)) int divide(int a, int b) { return a / b; }
int start(void) { return guarded(twelve, four) + number(2); }
