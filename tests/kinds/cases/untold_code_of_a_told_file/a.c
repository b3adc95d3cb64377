#ifdef NEW
struct point { int y, x; };
#else
struct point { int x, y; };
#endif
struct line { int length; };
extern struct point *current;
void *room(void);
volatile int two = 2;
__attribute__((nodebug)) void set(void) {
    current = room();
    current->x = 1;
    current->y = two;
}
__attribute__((nodebug)) int only_y(void) { return current->y; }
__attribute__((noinline)) int length(struct line *of) { return of->length; }
