#ifdef NEW
__thread int list[4] = { 1, 2, 3, 4 };
__thread int gap = 5;
__thread int other = 9;
#else
__thread int gap = 5;
__thread int list[4] = { 1, 2, 3, 4 };
__thread int other = 9;
#endif
__attribute__((noinline)) int sum(const int *from, const int *to) {
    int n = 0;
    while (from != to) n += *from++;
    return n;
}
__attribute__((noinline)) int all(void) { return sum(list, list + 4); }
__attribute__((noinline)) int others(void) { return sum(&gap, &gap + 1) + other; }
int start(void) { return all() * 10 + others(); }
