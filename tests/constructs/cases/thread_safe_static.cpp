// abi: gnu
// old: 41
// old: 42
// new: 53 made 100
// new: 64 made 101
// back: 65
#include "harness.h"

struct Made {
    int value;
    explicit Made(int start) : value(hidden(start)) {}
};

extern "C" void answer(int request) {
    static Made made(40);
    made.value += FIX ? 11 : 1;
    put_number(made.value);
#if FIX
    static Made added(99);
    put(" made ");
    put_number(++added.value);
#endif
    (void)request;
}
