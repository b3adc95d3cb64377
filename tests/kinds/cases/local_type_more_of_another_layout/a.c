#ifdef NEW
#define V(old, new) new
#else
#define V(old, new) old
#endif
#define NI __attribute__((noinline))
static void *volatile first, *volatile second;
extern char memory[64];
char memory[64];
volatile int one = 1;
NI int work(int make) {
    int sum = 0;
#ifdef NEW
    {
        struct L {
            short c;
        } l = {one};
        struct L *volatile p = &l;
        sum += p->c;
    }
#endif
    {
        struct L {
            int a, b;
        };
        struct L *l = first;
        if (make) {
            first = l = (struct L *)memory;
            l->a = 1;
            l->b = 2;
        }
        sum += l->a * 10 + l->b;
    }
    {
        struct L {
            int b, a;
        };
        struct L *l = second;
        if (make) {
            second = l = (struct L *)(memory + 32);
            l->a = 1;
            l->b = 2;
        }
        sum += 100 * (l->a * 10 + l->b);
    }
    return sum;
}
int start(void) { return work(one) + work(0); }
