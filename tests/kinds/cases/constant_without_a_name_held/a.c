#ifdef NEW
#define V(old, new) new
#else
#define V(old, new) old
#endif
#define NI __attribute__((noinline))
struct pair { int x, y; };
static const struct pair *kept;
static const struct pair *const usual = &(const struct pair){ 1, V(2, 3) };
volatile int count;
NI int init(void) { kept = usual; return ++count; }
NI int has(void) { return kept == usual ? usual->y : -1; }
int start(void) { return init() + has(); }
