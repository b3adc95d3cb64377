int more(int);
int other(int);
int list[16] = { 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16 };
__attribute__((noinline)) int total(int n) {
    int sum = 0;
    for (int *p = list; p != list + 16; ++p) {
        sum += *p;
        *p = sum & n;
    }
    return sum;
}
int start(void) { return total(more(3) + other(2)); }
