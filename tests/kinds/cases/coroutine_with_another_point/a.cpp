#include "coroutine.h"
__attribute__((noinline)) Numbers count(int from) {
#ifdef NEW
  for (int i = 0; i < 100; i++) {
    co_yield -i;
    co_yield from + i * 2;
  }
#else
  for (int i = 0; i < 100; i++) co_yield from + i * 2;
#endif
}
extern "C" int work() {
  static Numbers numbers = count(3);
  next(&numbers);
  return next(&numbers) * 10 + next(&numbers);
}
extern "C" int start() { return work(); }
