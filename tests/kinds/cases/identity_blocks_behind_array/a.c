#define NI __attribute__((noinline))
static int room[4];
static int *at = room, *end = room + 4;
NI int put(int value) {
    if (at == end) at = room;
    *at++ = value;
    return (int)(end - at);
}
NI int both(int n) {
    int result = 0;
#ifdef NEW
    { static int seen; seen += 3; result += seen; }
    { static int seen; seen += 50; result += seen * 2; }
#else
    { static int seen; seen += 50; result += seen * 2; }
    { static int seen; seen += 3; result += seen; }
#endif
    return result + n;
}
volatile int one = 1;
int start(void) { return put(one) + both(one) + both(one); }
