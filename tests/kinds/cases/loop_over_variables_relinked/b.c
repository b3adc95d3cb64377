int store[4] = { 1, 2, 3, 4 };
__attribute__((noinline)) int more(int n) { return store[n & 3]++; }
