const int *of_first(void), *of_third(void);
volatile int at = 2;
__attribute__((noinline)) int sum(int n) {
#ifdef NEW
    return of_first()[n] + of_third()[n] + 1;
#else
    return of_first()[n] + of_third()[n];
#endif
}
int start(void) { return sum(at); }
