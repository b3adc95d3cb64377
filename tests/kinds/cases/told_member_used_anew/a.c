struct point { int x, y, z; };
extern struct point *current;
struct point *first(void);
volatile int two = 2;
__attribute__((noinline)) int sum(struct point *p) {
#ifdef NEW
    return p->x + p->y + p->z;
#else
    return p->x + p->y;
#endif
}
__attribute__((noinline)) int of_current(void) {
#ifdef NEW
    return current->x * current->z;
#else
    return current->x;
#endif
}
__attribute__((noinline)) int of_first(void) {
#ifdef NEW
    return first()->y + first()->z;
#else
    return first()->y;
#endif
}
int start(void) { return sum(current) + of_current() + of_first(); }
