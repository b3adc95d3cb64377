#ifdef NEW
_Thread_local int second[4] = { 11, 12, 13, 14 };
_Thread_local int first[4] = { 1, 2, 3, 4 };
#else
_Thread_local int first[4] = { 1, 2, 3, 4 };
_Thread_local int second[4] = { 11, 12, 13, 14 };
#endif
int look(void);
__attribute__((noinline)) int both(int i) { return first[i] * 2 + second[i]; }
volatile int one = 1;
int start(void) { return both(one) + look(); }
