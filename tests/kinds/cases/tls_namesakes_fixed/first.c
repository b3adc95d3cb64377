static __thread int uses = 1;
__attribute__((noinline)) int first(int n) { uses += n; return uses; }
