#ifdef NEW
#define COUNT 12
#else
#define COUNT 6
#endif
short samples[COUNT];
__attribute__((noinline)) int collect(int n) {
  for (int i = 0; i < COUNT; i++) samples[i] += n * i;
  return samples[3];
}
volatile int first = 4;
int average(void);
int start(void) { return collect(first) + average(); }
