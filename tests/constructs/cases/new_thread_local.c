// refused: HP306
#include "harness.h"

static __thread int first;
#if FIX
static __thread int added = 3;
#endif

void answer(int request) {
    put_number(++first);
#if FIX
    put_number(++added);
#endif
    (void)request;
}
