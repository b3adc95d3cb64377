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
const char *volatile shown;
const char banner[] = "banner " TEXT;
__attribute__((noinline)) void show(void) { shown = banner; }
__attribute__((noinline)) int price(int n) { return n * RATE; }
int start(void) { show(); return price(amount); }
