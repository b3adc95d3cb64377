#ifdef NEW
#define THIRD 8
#else
#define THIRD 23
#endif
#define FUNCTION(name, third)                                        \
    __attribute__((noinline)) int name(int i) {                      \
        int row[6] = { 21, 22, third, 24, 25, 26 };                  \
        row[i & 1] += i;                                             \
        int sum = 0;                                                 \
        for (int j = 0; j < 6; j++) sum += ((volatile int *)row)[j]; \
        return sum;                                                  \
    }
FUNCTION(pick, THIRD)
FUNCTION(keep, 23)
volatile int one = 1;
int start(void) { return pick(one) + keep(one); }
