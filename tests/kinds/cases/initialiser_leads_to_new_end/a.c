#ifdef NEW
int fresh[4] = { 5, 6, 7, 8 };
int tail = 3;
int *cursor = fresh + 4;
__attribute__((noinline)) int walk(void) { return cursor[-1] + fresh[0]; }
#else
int items[4] = { 1, 2, 3, 4 };
int tail = 3;
int *cursor = items + 4;
__attribute__((noinline)) int walk(void) { return cursor[-1] + items[0]; }
#endif
int start(void) { return walk() + tail; }
