#ifdef NEW
#define V(old, new) new
#else
#define V(old, new) old
#endif
#define NI __attribute__((noinline))
struct op { int width; int value; };
static const struct op add = { 1, 10 }, sub = { 2, V(20, 21) }, mul = { 3, 30 }, div = { 4, 40 };
static const struct op *const ops[4] = { &add, &sub, &mul, &div };
NI int value(int width) {
    int s = 0;
    for (int i = 0; i < 4; i++)
        if (ops[i]->width >= width) s += ops[i]->value;
    return s;
}
volatile int two = 2;
int start(void) { return value(two); }
