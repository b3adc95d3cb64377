// long_one begins at 0x3a00.
__asm__(".text\n.p2align 4\nfiller: .skip 0x2a00, 0xcc\n");
__attribute__((naked, noinline, used)) int long_one(void) {
#ifdef NEW
    __asm__("movl $2, %ecx\n.skip 0x80, 0x90\nmovl $1, %eax\nret");
#else
    __asm__("movl $1, %ecx\n.skip 0x80, 0x90\nmovl $1, %eax\nret");
#endif
}
__attribute__((noinline)) int sum(const int *numbers) {
    int sum = 0;
    for (int i = 0; i < 4; i++) sum += numbers[i];
    return sum;
}
int start(void) {
    const int numbers[4] = { 0x3a3a, 0x3a3b, 0x3a3c, 0x3a3e };
    return long_one() + sum(numbers);
}
