#ifdef NEW
#define PART 12
#define TEXT "2.5.12"
#define RATE 7
#else
#define PART 11
#define TEXT "2.5.11"
#define RATE 5
#endif
struct { int size; int version[3]; } volatile about;
volatile int amount = 6;
const char *volatile shown;
__attribute__((noinline)) void fill(void) {
    about.version[0] = 2;
    about.version[1] = 5;
    about.version[2] = PART;
}
__attribute__((noinline)) int number(void) { return 2 << 24 | 5 << 16 | PART; }
__attribute__((noinline)) const char *text(void) { return "lib/" TEXT " (x64)"; }
__attribute__((noinline)) int price(int n) { return n * RATE; }
