#define NI __attribute__((noinline))
#ifdef NEW
typedef long long number;
#else
typedef int number;
#endif
volatile int sum, two = 2;
NI static int scaled(number n) {
    sum += 1;
    return (int)(n / 3) + sum;
}
NI int sized(int n) { return scaled((number)n + 1); }
NI int other(int n) { return scaled(n) + 2; }
int start(void) { return sized(two) + other(two); }
