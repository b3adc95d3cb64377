#ifdef NEW
#define V(old, new) new
#else
#define V(old, new) old
#endif
#define NI __attribute__((noinline))
struct ops { int (*read)(int); int (*write)(int); };
NI static int any_read(int n) { return n; }
NI static int any_write(int n) { return -n; }
NI static int bounded_read(int n) { return n > 8 ? 8 : n; }
static const struct ops file_ops = { V(any_read, bounded_read), any_write };
NI int file_read(int n) {
    const struct ops *ops = &file_ops;
    return ops->read(n) + ops->write(n);
}
NI int unused(int n) { return bounded_read(n) + any_write(n); }
int start(void) { return file_read(100) + unused(3) + 100; }
