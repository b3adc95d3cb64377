volatile int seen;
__attribute__((noinline, optnone)) int note(int line) { seen++; return 0; }
#ifdef NEW
#define BASE 60
#else
#define BASE 40
#endif
#define GIVES(k) __attribute__((noinline)) int give##k(int n) { return n > k ? note(__LINE__) : n; }
#line BASE "a.c"
GIVES(0)
GIVES(1)

GIVES(2)
GIVES(3)
GIVES(4)
volatile int one = 1;
int start(void) { return give0(one) + give1(one) + give2(one) + give3(one) + give4(one) + seen; }
