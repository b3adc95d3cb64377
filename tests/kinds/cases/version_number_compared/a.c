#ifdef NEW
#define PART 12
#define TEXT "2.5.12"
#define RATE 7
#else
#define PART 11
#define TEXT "2.5.11"
#define RATE 5
#endif
volatile unsigned given = 7;
__attribute__((noinline)) int check(unsigned n) { return n >= (2u << 24 | 5 << 16 | PART); }
__attribute__((noinline)) unsigned add(unsigned n) { return n + (2u << 24 | 5 << 16 | PART); }
int start(void) { return check(given) + (add(given) == 0); }
