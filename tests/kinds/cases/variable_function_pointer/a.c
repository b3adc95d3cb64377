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

#ifdef NEW
int (*hook)(int, int);
#else
int (*hook)(int);
#endif
NOINLINE int use(int k) { return hook ? 
#ifdef NEW
  hook(k, k)
#else
  hook(k)
#endif
   : k; }
int start(void) { return use(3); }
