struct state { int count; int slots[6]; int tail[7]; };
struct state state = { 1, { 2, 3, 4 }, { 5, 6 } };
int list[12] = { 1, 2, 3 };
#ifdef NEW
int more[4] = { 7, 8 };
#endif
__attribute__((noinline)) int f(long long i) { return state.slots[i] + state.tail[i] + list[i + 1] + list[i - 1]; }
__attribute__((noinline)) int g(int i) {
#ifdef NEW
    return more[i & 3] + 1;
#else
    return i;
#endif
}
