const char *text(unsigned i);
volatile unsigned one = 1;
int start(void) { return (int)(text(one) - text(one - 1)) + text(one)[0] + text(one - 1)[0]; }
