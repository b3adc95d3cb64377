extern volatile int two;
int work(int);
int start(void) { return work(two); }
