void setup(void);
int deliver(int);
#ifdef NEW
int on_data(int);
extern int seen;
__attribute__((noinline)) int direct(int x) { return on_data(x) + seen; }
#else
__attribute__((noinline)) int direct(int x) { return x + 1; }
#endif
volatile int nine = 9;
int start(void) { setup(); return deliver(nine) * 4 + direct(nine); }
