#ifdef NEW
#define OLD_NEW(a, b) b
#else
#define OLD_NEW(a, b) a
#endif
#define NOINLINE __attribute__((noinline))
enum state { CLOSED, 
#ifdef NEW
  THROTTLED,
#endif
  OPEN, LOST };
static enum state state = OPEN;
NOINLINE void set(enum state s) { state = s; }
NOINLINE int is_open(void) { return state == OPEN; }
int start(void) { set(LOST); return is_open(); }
