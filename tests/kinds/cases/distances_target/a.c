#ifdef NEW
#define V(old, new) new
#else
#define V(old, new) old
#endif
#define NI __attribute__((noinline))
struct op { int width; int value; int last; };
static const struct op add = { 1, 10, 3 }, sub = { 2, V(20, 21), 4 }, mul = { 3, 30, 5 };
static const struct op *const ops[3] = { &add, &sub, &mul };
NI int value(unsigned k) { return ops[k % 3]->value + ops[k % 3]->last; }
volatile unsigned one = 1;
int start(void) { return value(one); }
