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
static struct entry *volatile held;
volatile int one = 1;
NI void make(void) {
    struct entry *made = (struct entry *)memory;
    for (int i = 0; i < 8; i++)
        made[i].count = i + one;
    held = made;
}
NI int work(int count) {
    struct entry *e = held;
    int sum = 0;
    for (int i = 1; i < count; i++)
        sum += e[i].count > e[V(0, i - 1)].count;
    return sum;
}
int start(void) {
    make();
    return work(one + 6);
}
