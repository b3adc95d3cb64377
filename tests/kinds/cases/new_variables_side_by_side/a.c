int *volatile last;
int kept[4] = { 1, 2, 3, 4 };
#ifdef NEW
static int added[4] = { 5, 6, 7, 8 };
static int behind[4] = { 9, 10, 11, 12 };
#endif
__attribute__((noinline)) int add(int *volatile *log, int *p, int *end) {
    int sum = 0;
    *log = end;
    for (; p != end; ++p) sum += (*(volatile int *)p)++;
    return sum;
}
__attribute__((noinline)) int total(void) {
#ifdef NEW
    return add(&last, added, added + 4) + add(&last, behind, behind + 2) * 2;
#else
    return add(&last, kept, kept + 4);
#endif
}
int start(void) { return total() + total() + kept[1]; }
