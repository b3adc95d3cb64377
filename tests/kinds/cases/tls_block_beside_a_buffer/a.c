#define NI __attribute__((noinline))
#ifdef NEW
_Thread_local int second[4] = { 11, 12, 13, 14 };
_Thread_local int first[4] = { 1, 2, 3, 4 };
#else
_Thread_local int first[4] = { 1, 2, 3, 4 };
_Thread_local int second[4] = { 11, 12, 13, 14 };
#endif
int look(int i);
volatile int one = 1;
NI void fill(int *to) { *to = one; }
NI int both(int i) { return first[i] * 2 + second[i]; }
int start(void) { return both(one) + look(0); }
