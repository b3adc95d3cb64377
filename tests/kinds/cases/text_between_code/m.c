#ifdef NEW
#define OLD_NEW(a, b) b
#else
#define OLD_NEW(a, b) a
#endif
#define NOINLINE __attribute__((noinline))
int mixed(int);
const char *about(void);
NOINLINE int work(int k) { return (mixed(k) & 31) + OLD_NEW(1, 2); }
NOINLINE int other(int k) { return about()[k & 7] & 31; }
int start(void) { return work(2) + other(3); }
