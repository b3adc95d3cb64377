// old: 0 7
// new: 1 8
// back: 0 7
// start: 1 8
#include "harness.h"

NOINLINE static int nothing(void) { return FIX; }
NOINLINE static int seven(void) { return FIX + 7; }
static int (*volatile ask[2])(void) = {nothing, seven};

void answer(int request) {
    put_number(ask[0]());
    put(" ");
    put_number(ask[1]());
    (void)request;
}
