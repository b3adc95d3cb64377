#define APART __attribute__((noinline))
volatile int seed = 5;
APART int first(int n) { return n * 3 + seed; }
#ifdef NEW
APART int second(int n) { return n * 3 + seed + 40; }
#else
APART int second(int n) { return n * 3 + seed; }
#endif
int __CxxFrameHandler4(void *record, void *frame, void *context, void *dispatch) { return 1; }
int user(int);
int start(void) { return first(seed) + user(seed); }
