typedef int (*callback)(int);
static callback slot;
#ifdef NEW
int seen = 5;
__attribute__((noinline)) int on_data(int x) { seen += x; return seen > 9 ? 9 : seen; }
#else
static int seen = 5;
static __attribute__((noinline)) int on_data(int x) { seen += x; return seen; }
#endif
void setup(void) { slot = on_data; }
__attribute__((noinline)) int deliver(int x) { return slot(x); }
