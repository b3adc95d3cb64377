#ifdef NEW
#define V(old, new) new
#else
#define V(old, new) old
#endif
#define NI __attribute__((noinline))
__declspec(dllimport) char *strchr(const char *, int);
static const char list[] = V("a:b:c", "a:b:d");
volatile int colon = ':';
static const char *found;
NI int find(int c) { found = strchr(list, c); return c; }
int start(void) { return find(colon) + *found; }
