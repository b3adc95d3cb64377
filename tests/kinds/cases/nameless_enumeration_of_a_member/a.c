#ifdef NEW
#define OLD_NEW(a, b) b
#else
#define OLD_NEW(a, b) a
#endif
#define NOINLINE __attribute__((noinline))
struct door { int id; enum { SHUT, 
#ifdef NEW
  AJAR,
#endif
  OPEN } how; };
struct door *doors;
NOINLINE int open(int k) { return doors ? doors->how == OPEN : k; }
int start(void) { return open(2); }
