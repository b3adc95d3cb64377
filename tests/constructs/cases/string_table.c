// old: zero one two three many
// new: zero one TWO three many
// back: zero one two three many
// start: zero one TWO three many
#include "harness.h"

NOINLINE static const char *name(int which) {
    switch (which) {
    case 1: return "one";
    case 2: return FIX ? "TWO" : "two";
    case 3: return "three";
    case 0: return "zero";
    case 4: return "four";
    default: return "many";
    }
}

void answer(int request) {
    const int asked[] = {0, 1, 2, 3, 9};
    for (int i = 0; i < 5; i++) {
        if (i) {
            put(" ");
        }
        put(name(hidden(asked[i])));
    }
    (void)request;
}
