#ifdef NEW
#define OLD_NEW(a, b) b
#else
#define OLD_NEW(a, b) a
#endif
#define NOINLINE __attribute__((noinline))
enum flag { READ = 1, WRITE = 2, OLD_NEW(LOCK, SYNC) = 4 };
unsigned flags;
NOINLINE int get(enum flag f) { return (flags & f) != 0; }
NOINLINE int special(void) { return get(OLD_NEW(LOCK, SYNC)) + OLD_NEW(0, 1); }
int start(void) { return special(); }
