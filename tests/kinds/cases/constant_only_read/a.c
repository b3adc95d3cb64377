#ifdef NEW
#define V(old, new) new
#else
#define V(old, new) old
#endif
#define NI __attribute__((noinline))
struct ops { int (*read)(int); int (*write)(int); };
struct file { const struct ops *ops; int at; };
NI static int any_read(int n) { return n; }
NI static int any_write(int n) { return -n; }
NI static int bounded_read(int n) { return n > 8 ? 8 : n; }
static const int limits[6] = { 1, 2, V(3, 33), 4, 5, 6 };
static const struct ops file_ops = { V(any_read, bounded_read), any_write };
NI int most(const int *list, int n) {
    int m = list[0];
    for (int i = 1; i < n; i++) m = list[i] > m ? list[i] : m;
    return m;
}
NI int limit(void) { return most(limits, 6); }
NI int call(const struct ops *ops, int n) { return ops->read(n); }
NI int read(int n) { return call(&file_ops, n); }
NI int unused(int n) { return bounded_read(n) + any_write(n); }
volatile int hundred = 100;
int start(void) { return limit() + read(hundred) + unused(3); }
