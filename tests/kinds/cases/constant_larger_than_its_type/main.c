#ifdef NEW
#define V(old, new) new
#else
#define V(old, new) old
#endif
#define NI __attribute__((noinline))
extern const char text[4];
int at(int);
volatile int nine = 9;
int start(void) { return at(nine) + text[1]; }
