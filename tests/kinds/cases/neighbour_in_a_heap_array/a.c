#ifdef NEW
#define V(old, new) new
#else
#define V(old, new) old
#endif
#define NI __attribute__((noinline))
struct entry {
    long long key;
    int count, flags;
    char name[16];
};
static char memory[256];
static struct entry *volatile entries;
volatile int one = 1;
NI void make(void) {
    struct entry *made = (struct entry *)memory;
    for (int i = 0; i < 8; i++)
        made[i].count = i + one;
    entries = made;
}
NI int work(int at) {
    struct entry *e = entries;
    return e[at].count + V(0, (at > 0 ? e[at - 1].count : 0));
}
int start(void) {
    make();
    return work(one) + work(one + 3);
}
