int bump(int);
int limit(int);
volatile int one = 1;
__attribute__((noinline)) int run(int x) { return bump(x) + bump(x + 1); }
int start(void) { return run(one) + run(one * 3) + limit(one * 150); }
