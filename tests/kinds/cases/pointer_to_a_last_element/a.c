#ifdef NEW
const int zones[6] __attribute__((used)) = { 41, 42, 43, 44, 45, 46 };
#define MORE 1
#else
#define MORE 0
#endif
static const int days[12] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };
static const int weeks[4] = { 4, 4, 4, 5 };
const int *const volatile last = &days[11];
__attribute__((noinline)) int sum(int back) { return last[-back] + MORE; }
const int *first(void) { return days; }
const int *other(void) { return weeks; }
volatile int two = 2;
int start(void) { return sum(two) + *first() + *other(); }
