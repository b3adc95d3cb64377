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
static const struct ops read_ops = { V(any_read, bounded_read), any_write }, write_ops = { any_write, any_write };
const struct ops *const kinds[2] = { &read_ops, &write_ops };
static struct file file;
NI struct file *file_open(int kind) { file.ops = kinds[kind & 1]; return &file; }
NI int file_read(struct file *f, int n) { return f->ops->read(n) + f->at; }
NI int unused(int n) { return bounded_read(n) + any_write(n); }
volatile int zero = 0;
int start(void) { return file_read(file_open(zero), 100) + unused(3); }
