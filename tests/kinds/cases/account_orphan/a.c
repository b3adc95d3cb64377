volatile int amount = 6;
extern int shown(int n);
int start(void) { return shown(amount); }
