#ifdef NEW
#define V(old, new) new
#else
#define V(old, new) old
#endif
#define NI __attribute__((noinline))
typedef unsigned short wide;
NI int sum(const wide *p) {
    int s = 0;
    while (*p) s = (s * 3 + *(volatile const wide *)p++) & 127;
    return s;
}
NI int first(void) { return sum((const wide *)L"first"); }
NI int second(void) { return sum((const wide *)V(L"second", L"SECOND")); }
NI int third(void) { return sum((const wide *)L"third"); }
int start(void) { return first() + second() + third(); }
