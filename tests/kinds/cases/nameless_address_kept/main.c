int run(int);
volatile int one = 1;
int start(void) { return run(one); }
