#ifdef NEW
#define OLD_NEW(a, b) b
#else
#define OLD_NEW(a, b) a
#endif
#define NOINLINE __attribute__((noinline))
int _fltused = 0;
static const int primes[8] = {2, 3, 5, 7, 11, 13, OLD_NEW(17, 19), 23};
static const char *const names[4] = {"zero", "one", "two", "three"};
NOINLINE int prime(int i) { return primes[i & 7]; }
NOINLINE int letter(int i) { return names[i & 3][0]; }
NOINLINE double scale(int i) { return i * 2.5; }
int start(void) { return prime(6) + letter(2) + (int)scale(4); }
