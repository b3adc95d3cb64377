#ifdef NEW
#define OLD_NEW(a, b) b
#else
#define OLD_NEW(a, b) a
#endif
#define NOINLINE __attribute__((noinline))
enum state { CLOSED, OPEN
#ifdef NEW
  , LOST
#endif
 };
enum { LIMIT = OLD_NEW(10, 20) };
static enum state state;
NOINLINE void set(enum state s) { state = s; }
NOINLINE int is_open(int k) { return state == OPEN && k < LIMIT; }
int start(void) { set(OPEN); return is_open(3); }
