// old: 1
// veto: HP522
// back: 2
#include "harness.h"
#if FIX
#include "hotpatch.h"
#endif

static int count;

void answer(int request) {
    put_number(++count + (FIX ? 100 : 0));
    (void)request;
}

#if FIX
HOTPATCH_HOOK(before_apply) { return 7; }
#endif
