volatile int sum;
__attribute__((noinline)) void add(int n) { sum = sum * 7 + n; }
__attribute__((noinline)) void addto(int *to, int n) { *to += n; }
#ifdef NEW
#define BASE 30
#else
#define BASE 20
#endif
enum { A = BASE + 2, B, C, D = BASE + 8 };
#line BASE "a.c"

__attribute__((noinline)) int all(int n) {
    add(A);
    add(B);
    add(C);
    return n + 1;
}
__attribute__((noinline)) int one(int *to) {
    addto(to, D);
    return *to;
}
int start(void) { int n = 3; return all(1) + one(&n) + (sum & 63); }
