int sum(int);
int second(int);
volatile int two = 2;
int start(void) { return sum(two) * 2 + second(two); }
