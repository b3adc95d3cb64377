#ifdef NEW
#define V(old, new) new
#else
#define V(old, new) old
#endif
#define NI __attribute__((noinline))
static const int limits[4] = { 1, 2, V(3, 30), 4 };
volatile int two = 2;
struct iterator { const int *at; int left; };
NI int next(struct iterator *iterator) {
  iterator->left--;
  return *iterator->at++;
}
NI int sum(void) {
  struct iterator iterator = { limits, 4 };
  int sum = 0;
  while (iterator.left) sum = sum * 3 + next(&iterator);
  return sum;
}
int start(void) { return sum() + two; }
