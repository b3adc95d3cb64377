#define NI __attribute__((noinline))
static int state;
#ifdef NEW
static int calls = 7;
#endif
NI void set(int on) {
  if (on) state = 5;
  else state = 0;
}
NI int value(void) {
#ifdef NEW
  calls++;
  return state + calls;
#else
  return state;
#endif
}
volatile int one = 1;
int start(void) {
  set(one);
  return value();
}
