// old: 6 15
// new: 106 115
// back: 6 15
// start: 106 115
#include "harness.h"
#include <stdarg.h>

NOINLINE static long long sum(int count, ...) {
    va_list list;
    long long total = FIX ? 100 : 0;
    va_start(list, count);
    for (int i = 0; i < count; i++) {
        total += va_arg(list, int);
    }
    va_end(list);
    return total;
}

void answer(int request) {
    put_number(sum(3, 1, 2, 3));
    put(" ");
    put_number(sum(5, 1, 2, 3, 4, 5));
    (void)request;
}
