#ifdef NEW
#define V(old, new) new
#else
#define V(old, new) old
#endif
#define NI __attribute__((noinline))
struct pair { int a, b; };
static const struct pair *const pairs[] = { &(const struct pair){ 4, V(7, 8) }, &(const struct pair){ 5, 6 } };
NI int first(unsigned i) { return pairs[i]->a; }
NI int second(unsigned i) { return pairs[i]->b; }
volatile unsigned one = 1;
int start(void) { return first(one) * 3 + second(one - 1); }
