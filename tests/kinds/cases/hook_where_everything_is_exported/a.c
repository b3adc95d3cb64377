int volatile fixed = 1;
#ifdef NEW
#include "hotpatch.h"
HOTPATCH_HOOK(after_apply) {
  fixed = 2;
  return 0;
}
#endif
__attribute__((noinline)) int seen(void) {
#ifdef NEW
  return fixed + 1;
#else
  return fixed;
#endif
}
int start(void) { return seen(); }
