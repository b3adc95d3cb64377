#include "common.h"
#ifdef NEW
#define STEP(n) ((n) * 3 + (n) / 7 + (n) % 5)
#else
#define STEP(n) (n)
#endif
extern "C" __attribute__((noinline)) int first(int n) { return common(n) + STEP(n); }
