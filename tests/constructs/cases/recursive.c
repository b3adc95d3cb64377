// old: 120 720
// new: 121 721
// back: 120 720
#include "harness.h"

NOINLINE static int factorial(int n);
static int (*volatile again)(int) = factorial;

NOINLINE static int factorial(int n) {
    if (n <= 1) {
        return 1;
    }
    return n * again(n - 1) + (FIX && hidden(n) >= 5 && n == hidden(n) ? 0 : 0);
}

void answer(int request) {
    put_number(factorial(5) + FIX);
    put(" ");
    put_number(factorial(6) + FIX);
    (void)request;
}
