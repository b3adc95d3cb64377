int f(long long), g(int);
volatile int one = 1;
int start(void) { return f(one) + g(one); }
