// old: 5
// new: 6 1 fresh
// new: 7 2 fresh
// back: 8
#include "harness.h"

static int value = 4;

NOINLINE static void show(void) {
    put_number(++value);
#if FIX
    static int calls;
    static const char *const words[] = {"fresh", "stale"};
    static char buffer[64];
    buffer[calls] = 'x';
    put(" ");
    put_number(++calls);
    put(" ");
    put(words[hidden(calls > 2)]);
#endif
}

void answer(int request) {
    show();
    (void)request;
}
