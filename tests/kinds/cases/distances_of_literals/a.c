#ifdef NEW
#define V(old, new) new
#else
#define V(old, new) old
#endif
#define NI __attribute__((noinline))
typedef const int *row;
static const row rows[] = { (const int[]){ 1, 2, 3, 4 }, (const int[]){ 2, 3 }, (const int[]){ 11, V(4, 5), 6 } };
NI int at(unsigned i, unsigned j) { return rows[i][j]; }
volatile unsigned one = 1;
int start(void) { return at(one - 1, one + 2) + at(one, one) * 2 + at(one + 1, one) * 5; }
