#ifdef NEW
#define V(old, new) new
#else
#define V(old, new) old
#endif
#define NI __attribute__((noinline))
struct ops { int (*read)(void); int (*write)(void); };
NI int one(void) { return 1; }
NI int two(void) { return 2; }
NI int both(void) { return one() + two(); }
static const struct ops ops = { one, V(one, two) };
NI int call(const struct ops *p) { return p == &ops ? p->write() : -1; }
NI int work(void) { return call(&ops) + 1; }
int start(void) { return work() + both(); }
