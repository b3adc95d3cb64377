#ifdef NEW
#define V(old, new) new
#else
#define V(old, new) old
#endif
#define NI __attribute__((noinline))
typedef int (*callback)(int);
callback volatile first, second;
NI int call(callback volatile *slot, int v) { return *slot ? (*slot)(v) : v; }
#ifdef NEW
static NI int clamp_data(int x) { return x > 3 ? 3 : x; }
#else
static NI int on_data(int x) { return x * 2; }
#endif
NI void set_first(void) { first = V(on_data, 0); }
NI void set_second(void) { second = V(0, clamp_data); }
volatile int nine = 9;
int start(void) { set_first(); set_second(); return call(&first, nine) * 16 + call(&second, nine); }
