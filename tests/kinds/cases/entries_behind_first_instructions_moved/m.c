#define NOINLINE __attribute__((noinline))
int first(int);
int second(int);
int third(int);
NOINLINE int work(int k) { return first(k) + second(k + 1) + third(k + 2); }
int start(void) { return work(2); }
