#ifdef NEW
#define OLD_NEW(a, b) b
#else
#define OLD_NEW(a, b) a
#endif
#define NOINLINE __attribute__((noinline))
#ifdef _MSC_VER
#ifdef __cplusplus
extern "C" { int _fltused; }
#else
int _fltused;
#endif
#endif
_Thread_local OLD_NEW(int, float) rate = 1;
unsigned _tls_index; char _tls_start __attribute__((section(".tls"))) = 0;
NOINLINE int use(int k) { rate += k; return rate * 2; }
int start(void) { return use(3); }
