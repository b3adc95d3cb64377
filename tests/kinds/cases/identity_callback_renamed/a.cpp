#ifdef NEW
namespace net {
__attribute__((noinline)) int on_data(int x) { return x > 3 ? 3 : x; }
}
using net::on_data;
#else
namespace {
__attribute__((noinline)) int on_data(int x) { return x; }
}
#endif
static int (*volatile slot)(int);
__attribute__((noinline)) void setup() { slot = on_data; }
__attribute__((noinline)) int deliver(int x) { return slot(x); }
volatile int nine = 9;
extern "C" int start() { setup(); return deliver(nine); }
extern "C" int _fltused = 0;
