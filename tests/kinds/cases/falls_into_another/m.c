int checked(int), one(int), two(int);
volatile int three = 3;
int start(void) { return checked(three) * 16 + one(three) + two(three); }
