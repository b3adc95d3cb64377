#define NOINLINE __attribute__((noinline))
#ifdef NEW
_Thread_local long slots[6] = {1, 2, 3, 4, 5, 6};
_Thread_local int spare = 3;
_Thread_local short marks[8] = {9, 8, 7};
#else
_Thread_local short marks[8] = {9, 8, 7};
_Thread_local int spare = 3;
_Thread_local long slots[6] = {1, 2, 3, 4, 5, 6};
#endif
NOINLINE long *slot(int n) { return &slots[n]; }
NOINLINE short *mark(int n) {
#ifdef NEW
  return &marks[n + 1];
#else
  return &marks[n];
#endif
}
volatile int first = 1;
NOINLINE int total(int n) {
  *slot(n) += 30;
  *mark(n) += 5;
  return spare + slots[1] + marks[1] * 2 + marks[2] * 3;
}
int start(void) { return total(first); }
