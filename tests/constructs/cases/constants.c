// old: 1 2 3 250 alpha
// new: 1 20 3 375 beta
// back: 1 2 3 250 alpha
// start: 1 20 3 375 beta
// note: HP308
#include "harness.h"

static const int numbers[] = {1, FIX ? 20 : 2, 3};
static const char *const names[] = {"unused", FIX ? "beta" : "alpha"};
static double factor = 1.0;

void answer(int request) {
    for (int i = 0; i < 3; i++) {
        put_number(*((const int *)opaque((void *)numbers) + i));
        put(" ");
    }
    put_number((long long)(factor * (FIX ? 3.75 : 2.5) * 100.0));
    put(" ");
    put(names[hidden(1)]);
    (void)request;
}
