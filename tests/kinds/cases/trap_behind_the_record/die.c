extern volatile int bad;
__attribute__((noreturn)) void die(int x) { for (;;) bad = x; }
