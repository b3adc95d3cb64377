// old: 1 101 5
// old: 2 102 5
// new: 13 203 5 1
// new: 24 304 5 2
// back: 25 305 5
#include "harness.h"

int shared = 100;
static const int limit = 5;
#if FIX
static int added;
#endif

NOINLINE static int next(void) {
    static int count;
    count += FIX ? 11 : 1;
    return count;
}

void answer(int request) {
    put_number(next());
    put(" ");
    shared += FIX ? 101 : 1;
    put_number(shared);
    put(" ");
    put_number(*(const int *)opaque((void *)&limit));
#if FIX
    put(" ");
    put_number(++added);
#endif
    (void)request;
}
