struct point {
    int x, y;
};
static struct point points[6] = { { 1, 2 }, { 3, 4 }, { 5, 6 } };
struct point *all = points;
volatile int count = 3;
#ifdef NEW
struct pair {
    struct point first;
    int x;
};
#define ELEMENT struct pair
#define X(element) (element).first.x
#else
#define ELEMENT struct point
#define X(element) (element).x
#endif

__attribute__((noinline)) static int sum(int n) {
    int all_of_them = 0;
    for (int i = 0; i < n; i++) {
        all_of_them += X(((ELEMENT *)all)[i]);
    }
    return all_of_them;
}

int start(void) { return sum(count); }
