#ifdef NEW
#define V(old, new) new
#else
#define V(old, new) old
#endif
#include "words.h"
const char odd[8] __attribute__((used)) = {1, 2, 3, 4};
const struct words words = { { 3, 4, 5, V(6, 7), 8, 9 } };
typedef long long vec __attribute__((vector_size(16)));
__attribute__((noinline)) long long sum(const long long *p) {
#ifdef NEW
  vec v = *(const volatile vec *)p + *(const volatile vec *)(p + 2);
  return v[0] + v[1];
#else
  return p[0] + p[1] + p[2] + p[3];
#endif
}
