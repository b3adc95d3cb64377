#ifdef NEW
#define OLD_NEW(a, b) b
#else
#define OLD_NEW(a, b) a
#endif
#define NOINLINE __attribute__((noinline))

OLD_NEW(, __attribute__((used)) const int added[24] = {5};)
const int before[24] = {3};
const char text[64] = "a text";
struct large { char bytes[0x2010]; int members[64]; };
struct large one;
NOINLINE int get(struct large *l, int i) { return l->members[i + OLD_NEW(0, 2)]; }
NOINLINE void set(struct large *l, int i, int v) { l->members[i + OLD_NEW(0, 2)] = v; }
NOINLINE int work(int k) { return text[k & 7] + before[k & 7]; }
int start(void) { set(&one, 3, 4); return get(&one, 3) + work(2); }
