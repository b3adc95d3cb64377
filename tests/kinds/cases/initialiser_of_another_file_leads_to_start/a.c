int items[4] = { 1, 2, 3, 4 };
#ifdef NEW
int fresh[4] = { 5, 6, 7, 8 };
#endif
int tail = 3;
extern int *cursor;
__attribute__((noinline)) int walk(void) {
#ifdef NEW
    return *cursor + items[0] + fresh[1];
#else
    return *cursor + items[0];
#endif
}
int start(void) { return walk() + tail; }
