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
volatile int version[3], limits[3];
NI volatile int *same(volatile int *p) {
    __asm__("" : "+r"(p));
    return p;
}
NI void fill(void) {
    volatile int *p = same(version);
    p[0] = 2;
    p[1] = 5;
    p = same(limits);
    p[2] = PART;
}
int start(void) {
    fill();
    return limits[2];
}
