volatile int amount = 3;
extern int sum_back(int n);
int start(void) { return sum_back(amount); }
