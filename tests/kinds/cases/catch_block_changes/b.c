volatile int caught, twelve = 12;
int guarded(int);
__attribute__((noinline)) int work(int v) { return v * 2; }
int start(void) { return guarded(twelve) + caught; }
