int work(int), before(int), behind(int);
volatile int two = 2;
int start(void) { return work(two) * 3 + before(two) + behind(two); }
