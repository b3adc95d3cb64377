#define NI __attribute__((noinline))
extern const int zeroth[2] __asm__("anon.c1711a4c1aca22a0d30e2aaad0adfb98.0");
extern const int first[2] __asm__("anon.c1711a4c1aca22a0d30e2aaad0adfb98.1");
volatile int one = 1;
#ifdef NEW
NI int added(int n) { return zeroth[n & 1]; }
NI int kept(int n) { return first[n & 1]; }
NI int sum(int n) { return kept(n) + added(n); }
#else
NI int kept(int n) { return zeroth[n & 1]; }
NI int sum(int n) { return kept(n); }
#endif
int start(void) { return sum(one); }
