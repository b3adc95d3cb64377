// flags: -fno-optimize-sibling-calls
// old: 15
// new: 30
// back: 15
// start: 30
#include "harness.h"

NOINLINE static int sum(int n) {
    if (hidden(n) == 0) {
        return 0;
    }
    return n * (FIX ? 2 : 1) + sum(n - 1);
}

void answer(int request) {
    put_number(sum(5));
    (void)request;
}
