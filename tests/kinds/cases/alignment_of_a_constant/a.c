#ifdef NEW
#define OLD_NEW(a, b) b
#else
#define OLD_NEW(a, b) a
#endif
#define NOINLINE __attribute__((noinline))
const char odd[8] = {1, 2, 3, 4};
#ifdef NEW
__attribute__((aligned(16)))
#endif
const struct words { long long w[4]; } table = { { 1, 2, 3, 4 } };
typedef long long vec __attribute__((vector_size(16)));
volatile int which = 1;
NOINLINE int sum(int k) {
#ifdef NEW
  vec v = ((const volatile vec *)&table)[k & 1];
  return v[0] + v[1];
#else
  return ((const volatile long long *)&table)[k & 3];
#endif
}
int start(void) { return sum(which) + odd[which]; }
