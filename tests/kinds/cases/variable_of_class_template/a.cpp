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
template <class T> struct Box { T a, b; };
Box<OLD_NEW(int, float)> *box;
extern "C" NOINLINE int use(int k) { return box ? (int)box->b : k; }
extern "C" int start() { return use(3); }
