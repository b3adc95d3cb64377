__declspec(align(64)) static int own[16] = { 1, 2, 3 };
__attribute__((noinline)) int b(int n) { return own[n & 15]++; }
