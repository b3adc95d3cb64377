#define NI __attribute__((noinline))
static int state;
NI void set(int on) {
  if (on) state = 5;
  else state = 0;
}
NI int value(void) { return state; }
#ifdef NEW
__attribute__((used)) void third(void) { state = 9; }
#endif
volatile int one = 1;
int start(void) {
  set(one);
  return value();
}
