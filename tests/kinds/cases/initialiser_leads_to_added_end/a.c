int items[4] = { 1, 2, 3, 4 };
#ifdef NEW
int fresh[4] = { 5, 6, 7, 8 };
#define END fresh + 4
#else
#define END items + 4
#endif
int tail = 3;
int *cursor = END;
__attribute__((noinline)) int walk(void) {
#ifdef NEW
    return cursor[-1] + items[0] + fresh[1];
#else
    return cursor[-1] + items[0];
#endif
}
int start(void) { return walk() + tail; }
