#ifdef NEW
#define COUNT 24
#else
#define COUNT 4
#endif
extern long queue[], waiting[];
__attribute__((noinline)) int put(int n) {
  for (int i = 0; i < COUNT; i++) queue[i] += n;
  return waiting[0] + waiting[1];
}
volatile int first = 4;
int start(void) { return put(first); }
