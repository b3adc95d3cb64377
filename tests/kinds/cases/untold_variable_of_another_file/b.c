#ifdef NEW
struct point { int y, x; };
#else
struct point { int x, y; };
#endif
extern struct point *current;
void *room(void);
volatile int two = 2;
void set(void) {
    current = room();
    current->x = 1;
    current->y = two;
}
__attribute__((noinline)) int only_y(void) { return current->y; }
