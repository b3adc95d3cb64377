#ifdef NEW
#define V(old, new) new
#else
#define V(old, new) old
#endif
#define NI __attribute__((noinline))
static const int limits[4] = { 1, 2, V(3, 30), 4 };
volatile int two = 2;
static const int *list[4];
static int count;
NI void push(const int *const *entry) { list[count++] = *entry; }
NI void keep(int i) {
  const int *entry = limits + i;
  push(&entry);
}
int start(void) {
  keep(two);
  return *list[0];
}
