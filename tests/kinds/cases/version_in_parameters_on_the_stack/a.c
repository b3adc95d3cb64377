#ifdef NEW
#define PART 12
#define TEXT "2.5.12"
#define RATE 7
#else
#define PART 11
#define TEXT "2.5.11"
#define RATE 5
#endif
#define NI __attribute__((noinline))
volatile int sum;
NI void report(int a, int b, int major, int minor, int part) { sum += a + b * 2 + major * 3 + minor * 4 + part * 5; }
NI void tell(void) { report(1, 1, 2, 5, PART); }
NI void measure(volatile int *limits, int b, int c, int d) { sum += limits[0] + limits[1] + b + c + d; }
NI void limit(void) {
    volatile int limits[2];
    limits[0] = PART;
    limits[1] = 7;
    measure(limits, 1, 2, 5);
}
int start(void) {
    tell();
    limit();
    return sum;
}
