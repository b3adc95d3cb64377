#ifdef NEW
#define V(old, new) new
#else
#define V(old, new) old
#endif
#define NI __attribute__((noinline))
NI int sum(const int *p, int n) {
    int s = 0;
    for (int i = 0; i < n; i++) s = s * 2 + ((volatile const int *)p)[i];
    return s & 127;
}
static const int *const list = (const int[]){ 40, 50, 60, V(70, 71), 80 };
NI int whole(void) { return sum((const int *const volatile *)&list ? list : 0, 5); }
NI int middle(void) { return sum(list + 1, 2); }
int start(void) { return whole() + middle(); }
