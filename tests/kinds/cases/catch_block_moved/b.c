volatile int caught, twelve = 12;
int guarded(int);
#ifdef NEW
__attribute__((noinline)) int work(int v) { return v > 100 ? v * 3 + caught : v * 2 + 1; }
#else
__attribute__((noinline)) int work(int v) { return v * 2; }
#endif
int start(void) { return guarded(twelve) + caught; }
