// old: 10
// new: 20
// back: 10
#include "harness.h"

/* A loop begins within the first five bytes, behind the first two. Padding in front holds
 * the relay. */
__asm__(".text\n .p2align 5\n .zero 16, 0xcc\n");
__attribute__((naked, noinline)) static int count(int n) {
#if FIX
    __asm__("xor %eax, %eax\n 1: dec %ecx\n jnz 1b\n mov $20, %eax\n ret\n .p2align 5, 0xcc");
#else
    __asm__("xor %eax, %eax\n 1: dec %ecx\n jnz 1b\n mov $10, %eax\n ret\n .p2align 5, 0xcc");
#endif
}

void answer(int request) {
    put_number(count(hidden(3)));
    (void)request;
}
