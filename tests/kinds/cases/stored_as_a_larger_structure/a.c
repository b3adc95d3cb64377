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
volatile int one = 1;
struct account {
    int sum;
};
struct limited {
    struct account is;
    int limit;
};
static struct account *kept;
NI void make(int sum) {
    struct account *made = take(8);
    made->sum = sum;
    kept = made;
}
#ifdef NEW
struct limited *volatile known;
NI int room(void) { return known->limit + one; }
#endif
NI int use(void) {
#ifdef NEW
    known = (struct limited *)kept;
    return room();
#else
    return kept->sum;
#endif
}
int start(void) {
    make(one);
    make(one + 76);
    return use();
}
