#ifdef NEW
#define V(old, new) new
#else
#define V(old, new) old
#endif
#define NI __attribute__((noinline))
static char memory[64];
static int top;
NI void *take(int size) {
    char *at = memory + top;
    top += size;
    return at;
}
struct account {
    int sum;
};
struct limited {
    struct account is;
    int limit;
};
static struct account *kept;
NI void make(int sum) {
    V(struct account, struct limited) *made = take(sizeof *made);
    made->V(sum, is.sum) = sum;
    V(, made->limit = 5;)
    kept = V(made, &made->is);
}
NI int use(void) { return kept->sum + V(0, ((struct limited *)kept)->limit * 10); }
volatile int one = 1;
int start(void) {
    make(one);
    make(one + 76);
    return use();
}
