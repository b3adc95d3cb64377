static int hits;
static int table[4] = { 1, 2, 3, 4 };
static __attribute__((noinline)) int helper(int x) { table[x & 3] += x; return table[(x + 1) & 3]; }
int bump(int x) { hits++; return helper(x) + hits; }
__attribute__((noinline)) int limit(int x) {
#ifdef NEW
    return x > 99 ? 99 : x;
#else
    return x > 200 ? 200 : x;
#endif
}
