int pick(int), other(int);
volatile int one = 1;
int start(void) { return pick(one) * 8 + other(one); }
