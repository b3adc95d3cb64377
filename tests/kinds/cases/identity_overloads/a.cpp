#define INT __attribute__((noinline)) int add(int a) { static int n = 3; n += a PLUS; return n; }
#define LONG __attribute__((noinline)) int add(long long a) { static int n = 3; n -= (int)a PLUS; return n; }
#ifdef NEW
#define PLUS + 1
LONG
INT
#else
#define PLUS
INT
LONG
#endif
volatile int one = 1;
extern "C" int start() { add(one); add((long long)one * 2); return add(one * 4) * 5 + add((long long)one) + 30; }
extern "C" int _fltused = 0;
