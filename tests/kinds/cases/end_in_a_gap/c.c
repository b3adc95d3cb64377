__declspec(align(64)) static int mine[32] = { 4, 5, 6 };
__attribute__((noinline)) int c(int n) { return mine[n & 31]++; }
