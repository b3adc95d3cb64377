int checked(int), work(int);
volatile int three = 3;
int start(void) { return checked(three) + work(three) + checked(-three); }
