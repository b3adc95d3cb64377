// old: 1
// old: 1
// new: 2 counted 1
// new: 2 counted 2
// newer: 3 counted 3 more 1 7
// newer: 3 counted 4 more 2 7
// rolled: 2 counted 5
// rolled: 2 counted 6
// back: 1
// back: 1
#include "harness.h"

#if FIX == 1
static int counted;
#elif FIX == 2
/* Next to the variable of the first fix, before it and behind it. */
static int more;
static int counted;
static int seven = 7;
#endif

NOINLINE static int version(void) { return hidden(1 + FIX); }

void answer(int request) {
    put_number(version());
#if FIX
    put(" counted ");
    put_number(++counted);
#endif
#if FIX == 2
    put(" more ");
    put_number(++more);
    put(" ");
    put_number(*(int *)opaque(&seven));
#endif
    (void)request;
}
