int more(int), less(int);
volatile int two = 2;
int start(void) { return more(two) * 8 + less(two); }
