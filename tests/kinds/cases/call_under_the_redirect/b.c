volatile int caught, calls;
void guarded(void);
__attribute__((noinline)) void work(void) { calls++; }
int start(void) { guarded(); return calls; }
