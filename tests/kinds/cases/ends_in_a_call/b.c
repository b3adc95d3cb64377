__attribute__((noinline)) int other(int n) { return n * 3; }
