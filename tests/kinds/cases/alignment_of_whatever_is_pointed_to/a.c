#define NOINLINE __attribute__((noinline))
typedef int any __attribute__((vector_size(16), aligned(4)));
typedef int strict __attribute__((vector_size(16), aligned(16)));
struct node { int id; int values[8]; } nodes[3] = {{1, {2, 3}}, {4, {5, 6}}};
int *volatile current = nodes[1].values;
strict copy;
NOINLINE int sum(int n) {
#ifdef NEW
  copy = *(strict *)current;
#else
  copy = *(any *)current;
#endif
  return ((volatile int *)&copy)[n & 3];
}
volatile int which = 1;
int start(void) { return sum(which); }
