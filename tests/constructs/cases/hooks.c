// old: 1
// new: 1002
// new: 1003
// back: 7
// start: 1001
#include "harness.h"
#if FIX
#include "hotpatch.h"
#endif

int count;
int adopted;

void answer(int request) {
    put_number(++count + (FIX ? adopted : 0));
    (void)request;
}

#if FIX
HOTPATCH_HOOK(before_apply) { return adopted != 0; }
HOTPATCH_HOOK(after_apply) {
    adopted = 1000;
    return 0;
}
HOTPATCH_HOOK(before_revert) {
    count += 1;
    return 0;
}
HOTPATCH_HOOK(after_revert) {
    count += 2;
    adopted = 0;
    return 0;
}
#endif
