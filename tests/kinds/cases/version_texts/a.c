#ifdef NEW
#define PART 10
#define TEXT "2.5.10"
#define RATE 7
#else
#define PART 9
#define TEXT "2.5.9"
#define RATE 5
#endif
#define WIDE_(x) L##x
#define WIDE(x) WIDE_(x)
typedef unsigned short wide;
volatile int amount = 6;
volatile int sum;
const char *volatile narrow;
const void *volatile shown;
__attribute__((noinline)) void name(void) { shown = WIDE(TEXT); }
__attribute__((noinline)) void agent(void) { narrow = "agent " TEXT; }
__attribute__((noinline)) void report(const char *what, int a, int b, int c) {
    narrow = what;
    sum = a + b * 2 + c * 3;
}
__attribute__((noinline)) void tell(void) { report("version", 2, 5, PART); }
__attribute__((noinline)) int price(int n) { return n * RATE; }
int start(void) {
    name();
    agent();
    tell();
    return price(amount);
}
