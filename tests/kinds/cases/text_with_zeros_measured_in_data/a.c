#define NI __attribute__((noinline))
#ifdef NEW
#define TEXT "ab\0ce"
#else
#define TEXT "ab\0cd"
#endif
struct piece { const char *at; unsigned long long length; };
const struct piece volatile whole = { TEXT, 5 };
const struct piece volatile tail = { TEXT + 3, 2 };
NI int of_whole(unsigned long long n) { return n < whole.length ? whole.at[n] : 0; }
NI int of_tail(unsigned long long n) { return n < tail.length ? tail.at[n] : 0; }
volatile int four = 4, one = 1;
int start(void) { return of_whole(four) * 2 + of_tail(one) - 200; }
