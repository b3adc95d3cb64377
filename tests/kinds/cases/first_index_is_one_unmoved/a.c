#ifdef NEW
#define MORE 1
#else
#define MORE 0
#endif
static const int days[12] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };
const int *const volatile of_month = days - 1;
const int *first(void) { return days; }
__attribute__((noinline)) int length(int month) { return of_month[month] + MORE; }
volatile int two = 2;
int start(void) { return length(two) + *first(); }
