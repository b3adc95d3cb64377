const int *choose(void);
int read(const int *p);
volatile int two = 2, count;
__attribute__((noinline)) void wait(void) { count++; }
__attribute__((noinline)) int serve(void) {
  const int *p = choose();
  int first = read(p);
  wait();
  return first + read(p);
}
int start(void) { return serve() + two; }
