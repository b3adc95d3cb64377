#include "common.h"
extern "C" __attribute__((noinline)) int second(int n) { return common(n + 1) * 2; }
