#ifdef NEW
static const char wanted[] = ".?AVState@?A0x5b6a7988@@";
#else
static const char wanted[] = ".?AVState@?A0x1f2e3d4c@@";
#endif
volatile int first = 0;
__attribute__((noinline)) unsigned sum(void) {
    unsigned sum = 0;
    for (int i = first; wanted[i]; i++) sum = sum * 31 + wanted[i];
    return sum & 127;
}
int start(void) { return sum(); }
