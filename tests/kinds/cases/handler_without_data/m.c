#define NOINLINE __attribute__((noinline))
int first(int);
int second(int);
NOINLINE int work(int k) { return first(k) + second(k + 1); }
int start(void) { return work(2); }
