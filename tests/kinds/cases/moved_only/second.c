static const int table[8] = { 1, 2, 3, 5, 7, 11, 13, 17 };
__attribute__((noinline)) int second(int n) { return table[n & 7]; }
