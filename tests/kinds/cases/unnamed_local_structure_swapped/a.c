#ifdef NEW
#define V(old, new) new
#else
#define V(old, new) old
#endif
#define NI __attribute__((noinline))
static void *volatile held;
extern char memory[64];
char memory[64];
NI int work(int make) {
    struct {
        V(int a; int b;, int b; int a;)
    } *l = held;
    if (make) {
        held = l = (void *)memory;
        l->a = 1;
        l->b = 2;
    }
    return l->a * 10 + l->b;
}
volatile int make = 1;
int start(void) { return work(make) + work(0); }
