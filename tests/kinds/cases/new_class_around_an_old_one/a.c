#define NI __attribute__((noinline))
struct connection {
    int id, state;
};
static long long memory[64];
static unsigned long long taken;
struct connection *first;
volatile int one = 1;

NI void *room(unsigned long long size) {
    void *at = memory + taken;
    taken += (size + 7) / 8;
    return at;
}
NI struct connection *open_one(int id) {
    struct connection *made = room(sizeof *made);
    made->id = id;
    return made;
}
#ifdef NEW
struct checked {
    struct connection *of;
    struct connection copy;
    int errors;
};
struct job {
    struct connection copy;
    int id;
};
NI int errors(struct checked *checked) { return checked->errors += checked->copy.id != checked->of->id; }
struct job *last;
#endif
NI int use(struct connection *of) {
#ifdef NEW
    struct checked checked = { of, *of, 0 };
    struct job *job = room(sizeof *job);
    job->copy = *of;
    job->id = one;
    last = job;
    return of->id + errors(&checked);
#else
    return of->id;
#endif
}
int start(void) {
    if (!first) {
        first = open_one(one);
    }
    return use(first) + one;
}
