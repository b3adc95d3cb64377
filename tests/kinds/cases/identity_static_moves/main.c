int plain(int); int simple(int); int count(int);
volatile int one = 1;
int start(void) { return plain(one) + simple(one) + count(one); }
