#ifdef NEW
#define V(old, new) new
#else
#define V(old, new) old
#endif
#define NI __attribute__((noinline))
struct page { int count; char kind; char rest[]; };
const struct page page = { 6, 1, { 1, 2, 3, 4, V(5, 50), 6 } };
NI int sum(const struct page *p) {
    int s = p->kind;
    for (int i = 0; i < p->count; i++) s += p->rest[i];
    return s;
}
NI int total(void) { return sum(&page); }
int start(void) { return total(); }
