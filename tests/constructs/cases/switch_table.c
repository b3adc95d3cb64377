// old: 10 20 30 40 50 60 70 0
// new: 10 20 30 40 55 60 70 8
// back: 10 20 30 40 50 60 70 0
// start: 10 20 30 40 55 60 70 8
#include "harness.h"

static int total;

NOINLINE static int choose(int which) {
    switch (which) {
    case 0: total += 1; put("10"); return hidden(1);
    case 1: put("20"); return hidden(2) + total;
    case 2: put("30"); total -= 4; return hidden(3);
    case 3: put("40"); return total * hidden(4);
    case 4: put(FIX ? "55" : "50"); return hidden(5);
    case 5: put("60"); return total ^ hidden(6);
    case 6: put("70"); return hidden(7);
    default: put(FIX ? "8" : "0"); return 0;
    }
}

void answer(int request) {
    for (int i = 0; i < 8; i++) {
        if (i) {
            put(" ");
        }
        total += choose(hidden(i));
    }
    (void)request;
}
