#ifdef NEW
#define V(old, new) new
#else
#define V(old, new) old
#endif
#define NI __attribute__((noinline))
struct pair { int key; int value; };
static const struct pair pairs[6] = { { 1, 2 }, { 3, 4 }, { 5, V(6, 7) }, { 7, 8 }, { 9, 10 }, { 11, 12 } };
NI int find(int key) {
    for (int i = 0; i < 6; i++)
        if (pairs[i].key == key) return pairs[i].value;
    return -1;
}
volatile int five = 5;
int start(void) { return find(five); }
