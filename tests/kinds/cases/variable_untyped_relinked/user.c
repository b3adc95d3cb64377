extern long queue[4], waiting[4];
extern char flags[3], state;
__attribute__((noinline)) int put(int n) {
  for (int i = 0; i < 4; i++) queue[i] += n;
#ifdef NEW
  state = 3;
#else
  state = 2;
#endif
  return waiting[0] + flags[1] + state;
}
volatile int first = 4;
int start(void) { return put(first); }
