// old: same 1 2
// new: same 11 2
// back: same 1 2
#include "harness.h"

NOINLINE static int first(void) { return hidden(FIX ? 11 : 1); }
NOINLINE static int second(void) { return hidden(2); }

static int (*kept[2])(void);

NOINLINE static void compare(void) {
    put(kept[0] == first && kept[1] == second ? "same" : (FIX ? "other, new" : "other"));
}

void answer(int request) {
    if (request == 1) {
        kept[0] = opaque(first);
        kept[1] = opaque(second);
    }
    compare();
    put(" ");
    put_number(kept[0]());
    put(" ");
    put_number(kept[1]());
}
