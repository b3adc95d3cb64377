#define NOINLINE __attribute__((noinline))
int doubled(int);
NOINLINE int work(int k) { return doubled(k) + doubled(k + 1); }
int start(void) { return work(2); }
