int first(int), second(int), before(int), behind(int);
volatile int two = 2;
int start(void) { return first(two) * 3 + second(two) * 5 + before(two) + behind(two); }
