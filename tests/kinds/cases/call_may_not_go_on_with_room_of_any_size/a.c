#ifdef NEW
#define V(old, new) new
#else
#define V(old, new) old
#endif
#define NI __attribute__((noinline))
void fill(int *to, int count);
NI int work(int n) {
    int *buffer = __builtin_alloca(V(8, 48) * n);
    fill(buffer, n);
    return buffer[0] + buffer[1];
}
int start(void) { return work(2); }
