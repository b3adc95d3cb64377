const char *text_of(int n);
volatile int one = 1;
#define FOUR(x) x x x x
#define MANY(x) FOUR(FOUR(FOUR(FOUR(FOUR(x)))))
/* Holds the RVA 0x3000 ("\0" "0" "\0" as a number) in its middle. */
__attribute__((noinline)) int look(int n) {
    MANY(n = n * 5 + one;)
#ifdef NEW
    return n + text_of(1)[0];
#else
    return n + text_of(0)[0];
#endif
}
int start(void) { return look(one) & 127; }
