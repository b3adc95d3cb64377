namespace net {
#ifdef NEW
static int seen = 5;
static __attribute__((noinline)) int on_data(int x) { seen += x; return seen > 9 ? 9 : seen; }
#else
int seen = 5;
__attribute__((noinline)) int on_data(int x) { seen += x; return seen; }
#endif
}
int (*volatile slot)(int) = net::on_data;
__attribute__((noinline)) int deliver(int x) { return slot(x); }
volatile int nine = 9;
extern "C" int start() { deliver(nine); return deliver(nine) * 4; }
extern "C" int _fltused = 0;
