#ifdef NEW
int fresh[4] = { 5, 6, 7, 8 };
int tail = 3;
__attribute__((noinline)) int first(void) { return fresh[0]; }
#else
int items[4] = { 1, 2, 3, 4 };
int tail = 3;
__attribute__((noinline)) int first(void) { return items[0]; }
#endif
