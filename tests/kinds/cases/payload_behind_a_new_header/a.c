#define NI __attribute__((noinline))
struct item {
    int uses;
};
static struct item items[2];
volatile int one = 1;

#ifdef NEW
struct header {
    struct header *next;
    const void *object;
    unsigned long long id;
    unsigned long long size;
};
struct seen {
    int count;
};
static struct header *shadows;
static unsigned long long memory[32];
static unsigned long long taken;

static void *behind(const void *object, unsigned long long id, unsigned long long size) {
    for (struct header *h = shadows; h; h = h->next) {
        if (h->object == object && h->id == id) {
            return h + 1;
        }
    }
    struct header *h = (struct header *)(void *)(memory + taken);
    taken += (sizeof *h + size + 7) / 8;
    *h = (struct header){ shadows, object, id, size };
    shadows = h;
    return h + 1;
}
#endif

NI static int use(struct item *item) {
    item->uses += one;
#ifdef NEW
    struct seen *seen = behind(item, 1, sizeof(struct seen));
    seen->count += one;
    return item->uses + seen->count;
#else
    return item->uses;
#endif
}

int start(void) { return use(&items[0]) + use(&items[1]) * 2; }
