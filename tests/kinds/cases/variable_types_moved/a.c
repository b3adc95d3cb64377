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
struct s { int a; float f; char *t; int (*fn)(int, char *); };
static struct s one, many[3], *some; static int numbers[4]; static float f; double d; char *text; int (*hook)(struct s *); unsigned long long big;
NOINLINE int use(int k) { one.a += k; some = &many[k & 1]; some->f += f; numbers[k & 3]++; d += f; big++; return one.a + (text != 0) + (hook ? hook(&one) : 0) + (int)some->f + OLD_NEW(0, 1); }
int start(void) { return use(3); }
