long income(long);
long outlay(long);
volatile long three = 3;
int start(void) {
    income(three);
    outlay(three);
    return (int)(income(three) * 8 + outlay(three)) & 127;
}
