volatile int two = 2;
__attribute__((noinline, used)) int first(int v) {
#ifdef NEW
    return v > 50 ? v * v * two + v / two : v * 3 + 1;
#else
    return v * 3;
#endif
}
__attribute__((noinline, used)) int second(int v) { return v * 5; }
const unsigned limits[4] = { 10, 20, LIMIT, 40 };
__attribute__((noinline)) unsigned sum(void) {
    unsigned sum = 0;
    for (int i = two - 2; i < 4; i++) sum += limits[i];
    return sum;
}
int start(void) { return first(two) + second(two) + sum(); }
