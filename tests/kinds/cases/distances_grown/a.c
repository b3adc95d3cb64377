#ifdef NEW
#define V(old, new) new
#else
#define V(old, new) old
#endif
#define NI __attribute__((noinline))
static const int a = 1, b = 2, c = 3;
#ifdef NEW
static const int d = 4;
#endif
static const int *const list[] = { &a, &b, &c,
#ifdef NEW
    &d,
#endif
};
NI int value(long long k) { return *list[k]; }
volatile long long last = 2;
NI long long pick(void) { return last V(, + 1); }
int start(void) { return value(pick()); }
