#define FOUR(n) n, n + 1, n + 2, n + 3
#define MANY(n) FOUR(n), FOUR(n + 4), FOUR(n + 8), FOUR(n + 12), FOUR(n + 16), FOUR(n + 20)
const int numbers[48] = { MANY(4096), MANY(4120) };
__attribute__((noinline)) int look(int i) {
#ifdef NEW
    return numbers[i] * 3;
#else
    return numbers[i] * 2;
#endif
}
volatile int one = 1;
int start(void) { return look(one) & 127; }
