#ifdef NEW
#define OLD_NEW(a, b) b
#else
#define OLD_NEW(a, b) a
#endif
#define NOINLINE __attribute__((noinline))
int scaled(int);
int restored(int);
int table[3] = {4, 5, 6};
NOINLINE int work(int k) { return scaled(k) + OLD_NEW(1, 2); }
NOINLINE int other(int k) { return restored(k) + table[k & 1]; }
int start(void) { return work(2) + other(3); }
