volatile int two = 2, count;
__attribute__((noinline)) void wait(void) { count++; }
int serve(const int *p) {
  int first = *(const volatile int *)p;
  wait();
  return first + p[2];
}
int begin(void);
int start(void) { return begin() + two; }
