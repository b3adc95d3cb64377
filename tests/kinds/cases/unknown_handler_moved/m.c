int mix(int), other(int);
volatile int three = 3;
int start(void) { return mix(three) + other(three); }
