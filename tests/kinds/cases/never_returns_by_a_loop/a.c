volatile int ticks, limit = 10;
#ifdef NEW
#define STEP 2
#else
#define STEP 1
#endif
__attribute__((noinline, noreturn)) void serve(int a) {
  for (;;) ticks += STEP;
}
__attribute__((noinline, noreturn)) void run(int a) {
  ticks = a + STEP;
  serve(a);
}
int start(void) {
  if (limit > 100) run(limit);
  return ticks;
}
