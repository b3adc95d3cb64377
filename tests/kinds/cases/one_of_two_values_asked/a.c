#ifdef NEW
#define V(old, new) new
#else
#define V(old, new) old
#endif
#define NI __attribute__((noinline))
static int is_ready;
volatile int one = 1, calls;
NI void prepare(void) { calls = calls + 1; }
NI int work(int n) {
    if (!is_ready) {
        prepare();
        is_ready = 1;
    }
    return n < V(100, 50) ? n * calls : calls;
}
int start(void) { return work(one) + work(70 + one); }
