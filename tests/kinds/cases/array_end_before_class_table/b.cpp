#define NI __attribute__((noinline))
struct Shape { virtual int sides(int n); virtual int area(int n); int kept; };
int Shape::sides(int n) { return n + kept; }
int Shape::area(int n) { return n * kept; }
static Shape held;
NI static int ask(Shape *s, int n) { s->kept = 3; return s->sides(n) + s->area(n); }
extern "C" int shape(int n) { held = Shape(); return ask(&held, n); }
extern "C" void *memset(void *p, int c, unsigned long long n) { for (char *q = (char *)p; n--; ) *q++ = (char)c; return p; }
