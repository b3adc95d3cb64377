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
#define TEXT "ab\0cde\0f" V("g", "h") "i"
struct view { const char *text; long long length; };
struct view views[2] = { { TEXT, 10 }, { TEXT + 3, 3 } };
NI int show(struct view *v) { return put(v->text, (int)v->length); }
NI int other(void) { return put("other", 6); }
int start(void) { int n = other(); return n + show(views) + show(views + 1); }
