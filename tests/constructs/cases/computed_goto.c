// abi: gnu
// old: 2 7 9
// new: 2 8 10
// back: 2 7 9
// start: 2 8 10
#include "harness.h"

NOINLINE static int interpret(const unsigned char *code) {
    static const void *const labels[] = {&&end, &&add, &&twice, &&less};
    int value = 1;
    goto *labels[*code++];
add:
    value += 1;
    goto *labels[*code++];
twice:
    value *= FIX ? 4 : 2;
    value += FIX ? -4 : 3;
    goto *labels[*code++];
less:
    value += FIX ? 0 : -5 + 5;
    value = hidden(value);
    goto *labels[*code++];
end:
    return value;
}

void answer(int request) {
    static const unsigned char programs[3][5] = {{1, 0}, {1, 2, 3, 0}, {1, 2, 1, 1, 0}};
    for (int i = 0; i < 3; i++) {
        if (i) {
            put(" ");
        }
        put_number(interpret(programs[i]) + (FIX && i ? 4 : 0));
    }
    (void)request;
}
