#define NI __attribute__((noinline))
static const int a = 31, b = 45;
static const char *const names[2] = { "north", "east" };
static const int *const numbers[2] = { &a, &b };
static const int words[5] = { 11, 12, 13, 14, 15 };
static const int *const limits[2] = { words + 5, 0 };
volatile int zero;
#ifdef NEW
NI int letter(int n) { return names[n][n]; }
NI int number(int n) { return *numbers[n]; }
#else
NI int number(int n) { return *numbers[n]; }
NI int letter(int n) { return names[n][n]; }
#endif
NI int sum(const int *to, const int *from) {
    int n = 0;
    while (from != to) n = n * 2 + *from++;
    return n;
}
NI int run(int n) { return sum(limits[n], words); }
int start(void) { return (run(zero) & 127) + (letter(zero) & 31) + number(zero); }
