// old: 10
// new: 20
// back: 10
#include "harness.h"

/* The loop begins at the first instruction. */
__attribute__((naked, noinline)) static int count(int n) {
#if FIX
    __asm__("1: dec %ecx\n jnz 1b\n mov $20, %eax\n ret");
#else
    __asm__("1: dec %ecx\n jnz 1b\n mov $10, %eax\n ret");
#endif
}

void answer(int request) {
    put_number(count(hidden(3)));
    (void)request;
}
