int others[8] = { 9, 8, 7, 6, 5, 4, 3, 2 };
__attribute__((noinline)) int other(int n) { return others[n & 7]--; }
