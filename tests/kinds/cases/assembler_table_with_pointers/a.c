struct entry { int (*function)(int); long long number; };
extern const struct entry table;
volatile int two = 2;
__attribute__((noinline)) int first(int v) {
#ifdef NEW
    return v > 50 ? v * v * two + v / two : v * 3 + 1;
#else
    return v * 3;
#endif
}
__attribute__((noinline)) int second(int v) { return v * 5; }
__attribute__((noinline)) int call(int v) {
    const volatile struct entry *p = &table;
    return p->function(v) + (int)p->number;
}
int start(void) { return first(two) + second(two) + call(two); }
