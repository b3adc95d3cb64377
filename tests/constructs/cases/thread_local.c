// old: 1 21
// old: 2 22
// new: 12 32
// back: 13 33
// start: 10 30
#include "harness.h"

static __thread int first;
static __thread int second = 20;

void answer(int request) {
    first += FIX ? 10 : 1;
    second += FIX ? 10 : 1;
    put_number(first);
    put(" ");
    put_number(second);
    (void)request;
}
