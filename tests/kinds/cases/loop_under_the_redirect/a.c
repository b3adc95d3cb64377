int work(long long);
volatile int two = 2;
int start(void) { return work(two) * 3 + work(two - 2); }
