#ifdef NEW
int before[40] = { 4 };
#define MORE + before[n & 7]
#else
#define MORE + 4 * !(n & 7)
#endif
int object[4] = { 1, 2, 3, 4 };
int *const where = object;
__attribute__((noinline)) int shifted(int n) { return n * 3 + object[n & 3] MORE; }
__attribute__((noinline)) unsigned lower(void) { return *(volatile const unsigned *)&where; }
__attribute__((noinline)) unsigned upper(void) { return *((volatile const unsigned *)&where + 1); }
int start(void) {
    unsigned long long p = lower() | (unsigned long long)upper() << 32;
    return shifted(8) + (p == (unsigned long long)object);
}
