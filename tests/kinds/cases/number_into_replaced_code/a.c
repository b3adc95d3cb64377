int twice(int), enter(int);
volatile int one = 1;
int start(void) { return twice(one) + enter(one); }
