#ifdef NEW
#define V(old, new) new
#else
#define V(old, new) old
#endif
#define NI __attribute__((noinline))
struct pair { int x, y; };
#ifdef NEW
static const struct pair first = { 1, 2 }, second = { 3, 4 };
#else
static const struct pair pairs[2] = { { 1, 2 }, { 3, 4 } };
#endif
static const struct pair *kept;
volatile int count;
NI int init(void) { kept = V(&pairs[1], &second); return ++count; }
NI int has(void) { return kept == V(&pairs[1], &second) ? 1 : kept == V(&pairs[0], &first) ? 2 : -1; }
int start(void) { return init() + has(); }
