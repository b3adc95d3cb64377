#define NOINLINE __attribute__((noinline))
typedef int any __attribute__((vector_size(16), aligned(4)));
typedef int strict __attribute__((vector_size(16), aligned(16)));
struct node { int id; int values[8]; } nodes[3] = {{1, {2, 3}}, {4, {5, 6}}};
strict kept = {1, 2, 3, 4};
int *volatile current = nodes[1].values;
strict *volatile last = &kept;
NOINLINE void touch(void *p) { __asm__ volatile("" : : "r"(p) : "memory"); }
NOINLINE int sum(int n) {
  any v = *(any *)current;
  strict w = *last;
#ifdef NEW
  strict local[2] = {w, w + 1};
  touch(local);
  w += local[n & 1];
#endif
  return v[0] + v[n & 3] + w[1];
}
volatile int which = 1;
int start(void) { return sum(which); }
