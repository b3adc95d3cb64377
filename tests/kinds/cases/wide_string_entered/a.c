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
NI int whole(void) { return sum((const wide *)L"configu" V(L"ration", L"rable")); }
NI int tail(void) { return sum((const wide *)L"configu" V(L"ration", L"rable") + 3); }
NI int other(void) { return sum((const wide *)L"unrelated"); }
int start(void) { int n = other(); return n + whole() + tail(); }
