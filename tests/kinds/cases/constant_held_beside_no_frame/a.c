#ifdef NEW
#define V(old, new) new
#else
#define V(old, new) old
#endif
#define NI __attribute__((noinline))
struct ops { int (*read)(int); int (*write)(int); };
struct file { const struct ops *ops; int at; };
NI int any_read(int n) { return n; }
NI int any_write(int n) { return -n; }
NI int bounded_read(int n) { return n > 8 ? 8 : n; }
const struct ops file_ops = { V(any_read, bounded_read), any_write };
struct file file;
__attribute__((naked)) void file_open(struct file *f) {
    __asm__("movq %rbp, %r10\n movq %rcx, %rbp\n leaq file_ops(%rip), %rax\n movq %rax, (%rbp)\n movq %r10, %rbp\n ret");
}
NI int file_read(struct file *f, int n) { return f->ops->read(n) + f->at; }
NI int unused(int n) { return bounded_read(n) + any_write(n); }
int start(void) { file_open(&file); return file_read(&file, 100) + unused(3); }
