#ifdef NEW
struct row { int weight, count; };
#else
struct row { int count, weight; };
#endif
static struct row only;
struct row *fresh(void) { return &only; }
__attribute__((noinline)) void fill(struct row *row, int value) { row->count = value; row->weight = value * 7; }
__attribute__((noinline)) int weigh(struct row *row) { return row->weight - row->count; }
