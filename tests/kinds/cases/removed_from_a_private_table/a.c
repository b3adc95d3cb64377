#ifdef NEW
#define V(old, new) new
#else
#define V(old, new) old
#endif
#define NI __attribute__((noinline))
volatile int zero;
NI int twice(int k) { return k * 2 + zero; }
NI int same(int k) { return k + zero; }
#ifndef NEW
NI int triple(int k) { return k * 3 + zero; }
#endif
static int (*const table[])(int) = {twice, V(triple, same), same};
NI int work(int n) { return table[n % 3u](n) + V(1, 2); }
int start(void) { return work(zero) + work(zero + 1); }
