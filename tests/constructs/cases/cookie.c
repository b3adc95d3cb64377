// abi: msvc
// flags: -fstack-protector-all
// old: 6
// new: 60
// back: 6
// start: 60
#include "harness.h"

NOINLINE static int fill(int n) {
    char buffer[32];
    int sum = 0;
    for (int i = 0; i < n; i++) {
        ((char *)opaque(buffer))[i] = (char)i;
    }
    for (int i = 0; i < n; i++) {
        sum += ((char *)opaque(buffer))[i];
    }
    return sum * (FIX ? 10 : 1);
}

void answer(int request) {
    put_number(fill(hidden(4)));
    (void)request;
}
