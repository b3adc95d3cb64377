struct point { int x, y, z; };
struct point points[2] = { { 1, 2, 3 }, { 4, 5, 6 } };
struct point *current = points;
__attribute__((noinline)) struct point *first(void) { return points + 1; }
