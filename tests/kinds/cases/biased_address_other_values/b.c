static const int numbers[5] = { 9, 8, 7, 6, 5 };
__attribute__((noinline)) int other(int i) { return numbers[i & 3]; }
