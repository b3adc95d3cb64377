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
NI int greet(void) { return V(put("no", 3), put("no\0\0\0\0", 7)); }
NI int other(void) { return put("secret", 7); }
int start(void) { int n = other(); return n + greet(); }
