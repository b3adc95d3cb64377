int work(int);
volatile int seed = 5;
int start(void) { return seed > 9 ? work(seed) : seed; }
