#ifdef NEW
#define V(old, new) new
#else
#define V(old, new) old
#endif
#define NI __attribute__((noinline))
NI int put(const char *p, int n) {
    int s = 0;
    for (int i = 0; i < n; i++) s = (s * 3 + ((volatile const char *)p)[i]) & 127;
    return s;
}
NI int first(void) { return put("one", 4); }
NI int second(void) { return put(V("two", "TWO"), 4); }
NI int third(void) { return put("three", 6); }
int start(void) { return first() + second() + third(); }
