#ifdef NEW
#define V(old, new) new
#else
#define V(old, new) old
#endif
#define NI __attribute__((noinline))
static const int limits[4] = { 1, 2, V(3, 30), 4 };
struct list { const int *at; virtual void use(const int *p); };
void list::use(const int *p) { at = p; }
static list one;
list *volatile current = &one;
volatile int two = 2;
NI static int init(int i) { current->use(limits + i); return i; }
extern "C" int start(void) { return init(two); }
