#ifdef NEW
#define V(old, new) new
#else
#define V(old, new) old
#endif
#define NI __attribute__((noinline))
static void *volatile first, *volatile second;
extern char memory[64];
char memory[64];
extern "C" NI int work(int make) {
    int sum = 0;
    {
        struct L {
            V(int a; int b;, int b; int a;)
        };
        L *l = (L *)first;
        if (make) {
            first = l = (L *)memory;
            l->a = 1;
            l->b = 2;
        }
        sum += l->a * 10 + l->b;
    }
    {
        struct L {
            V(int b; int a;, int a; int b;)
        };
        L *l = (L *)second;
        if (make) {
            second = l = (L *)(memory + 32);
            l->a = 1;
            l->b = 2;
        }
        sum += 100 * (l->a * 10 + l->b);
    }
    return sum;
}
volatile int make = 1;
extern "C" int start() { return work(make) + work(0); }
