#ifdef NEW
#define V(old, new) new
#else
#define V(old, new) old
#endif
#define NI __attribute__((noinline))
struct ops { int (*read)(int); int (*write)(int); };
struct kind { long long number; const struct ops *ops; };
struct file { const struct kind *kind; int at; };
NI static int any_read(int n) { return n; }
NI static int any_write(int n) { return -n; }
NI static int bounded_read(int n) { return n > 8 ? 8 : n; }
static const struct ops file_ops = { V(any_read, bounded_read), any_write };
static const struct kind *const kinds = &(const struct kind){ 7, &file_ops };
static struct file files[4];
volatile int used;
NI struct file *file_open(void) {
    struct file *f = &files[used++ & 3];
    f->kind = kinds;
    return f;
}
NI int file_read(struct file *f, int n) { return f->kind->ops->read(n) + f->at; }
NI int unused(int n) { return bounded_read(n) + any_write(n); }
int start(void) { return file_read(file_open(), 100) + unused(3); }
