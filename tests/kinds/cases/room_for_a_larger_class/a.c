#define NI __attribute__((noinline))
struct connection {
    int id, state;
};
struct server {
    struct connection *first;
    int count;
};
#ifdef NEW
struct limited {
    struct connection connection;
    int limit;
};
#define MADE struct limited
#else
#define MADE struct connection
#endif
static long long memory[64];
static unsigned long long taken;
static struct server server;
volatile int one = 1;

NI void *room(unsigned long long size) {
    void *at = memory + taken;
    taken += (size + 7) / 8;
    return at;
}
NI void open_one(struct server *of) {
    of->first = room(sizeof(MADE));
    of->first->id = one;
    of->count++;
}
NI int use(struct server *of) {
#ifdef NEW
    return of->first->id + ((struct limited *)of->first)->limit;
#else
    return of->first->id;
#endif
}
int start(void) {
    if (!server.first) {
        open_one(&server);
    }
    return use(&server);
}
