#ifdef NEW
#define PART 12
#define TEXT "2.5.12"
#define RATE 7
#else
#define PART 11
#define TEXT "2.5.11"
#define RATE 5
#endif
volatile int amount = 6;
volatile int kept;
const char *volatile shown;
__attribute__((noinline)) int number(void) { kept = RATE; return 2 << 24 | 5 << 16 | PART; }
__attribute__((noinline)) void text(void) {
#ifdef NEW
    shown = "new 2.5.12";
#else
    shown = "old 2.5.11";
#endif
}
__attribute__((noinline)) void other(void) {
#ifdef NEW
    shown = "2.5.13";
#else
    shown = "2.5.11";
#endif
}
int start(void) { number(); text(); other(); return kept; }
