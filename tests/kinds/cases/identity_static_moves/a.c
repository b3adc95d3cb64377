__attribute__((noinline)) int plain(int x) { return x * 3 + 1; }
#ifndef NEW
static int seen = 3;
__attribute__((noinline)) int count(int x) { seen += x; return seen; }
#endif
