#ifdef NEW
#define V(old, new) new
#else
#define V(old, new) old
#endif
#define NI __attribute__((noinline))
void fill(int *to, int count);
NI int work(int n) {
    int buffer[12];
    fill(buffer, n);
#ifdef NEW
    int more = buffer[1] * n;
    return buffer[0] + more;
#else
    return buffer[0] + buffer[1];
#endif
}
int start(void) { return work(2); }
