#ifdef NEW
#define V(old, new) new
#else
#define V(old, new) old
#endif
#define NI __attribute__((noinline))
struct ops { int (*read)(int); int (*write)(int); };
NI int any(int n) { return n; }
NI int bounded(int n) { return n > 8 ? 8 : n; }
NI int unused(int n) { return any(n) + bounded(n); }
static const struct ops ops = { any, V(any, bounded) };
struct file { const struct ops *ops; int at; };
volatile int two = 2, count;
NI void note(void) { count++; }
NI int work(int n) {
  volatile struct file file;
  file.ops = &ops;
  file.at = n;
  note();
  return file.ops->write(n) + file.at;
}
int start(void) { return work(two) + unused(two); }
