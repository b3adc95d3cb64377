#ifdef NEW
#define V(old, new) new
#else
#define V(old, new) old
#endif
#define NI __attribute__((noinline))
__declspec(dllimport) unsigned TlsAlloc(void);
__declspec(dllimport) int TlsSetValue(unsigned, const void *);
static const int limits[4] = { 1, 2, V(3, 30), 4 };
volatile int two = 2;
NI int init(int i) { return TlsSetValue(TlsAlloc(), limits + i); }
int start(void) { return init(two); }
