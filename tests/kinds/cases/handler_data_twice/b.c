int first(int), second(int), changed(int);
volatile int twelve = 12;
int _fltused;
__attribute__((noinline)) int divide(int a, int b) { return a / b; }
int start(void) { return first(twelve) + second(twelve) + changed(twelve); }
