#ifdef NEW
extern int fresh[4];
int *cursor = fresh + 4;
#else
extern int items[4];
int *cursor = items + 4;
#endif
extern int tail;
int first(void);
__attribute__((noinline)) int walk(void) { return cursor[-1]; }
int start(void) { return walk() + tail + first(); }
