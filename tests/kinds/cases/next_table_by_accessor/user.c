extern const long primes[];
const long *second(void);
__attribute__((noinline)) int sum(unsigned n) { return second()[n] + primes[n]; }
volatile unsigned which = 3;
int start(void) { return sum(which); }
