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
struct { int low, high; } volatile limits;
__attribute__((noinline)) int limit(void) { return PART; }
__attribute__((noinline)) void set(void) { limits.low = 5; limits.high = PART; }
