#ifdef NEW
#define LEAP 29
#else
#define LEAP 28
#endif
const int zones[6] __attribute__((used)) = { 41, 42, 43, 44, 45, 46 };
static const int days[12] = { 31, LEAP, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };
const int *const volatile of_month = days - 1;
__attribute__((noinline)) const int *first(void) { return days; }
__attribute__((noinline)) int length(int month) { return of_month[month]; }
volatile int two = 2;
int start(void) { return length(two) + *first(); }
