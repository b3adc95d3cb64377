#ifdef NEW
#define V(old, new) new
#else
#define V(old, new) old
#endif
#define NI __attribute__((noinline))
struct account {
    int sum, count;
};
struct limited {
    struct account is;
    int limit;
};
static struct account first[2];
static void *context;
static int (*volatile call_back)(void *);
NI int each(void *given) {
    V(struct account, struct limited) *own = given;
    return V(own->sum, own->is.sum + own->limit);
}
NI void init(void) {
    first[0].sum = 1;
    first[1].sum = 77;
    context = first;
    call_back = each;
}
int start(void) {
    init();
    return call_back(context);
}
