#define NOINLINE __attribute__((noinline))
NOINLINE int open_port(int p) { return p * 3; }
NOINLINE int close_port(int p) { return p - 7; }
volatile int port = 9;
NOINLINE int total(int p) { return open_port(p) + close_port(p); }
int start(void) { return total(port); }
