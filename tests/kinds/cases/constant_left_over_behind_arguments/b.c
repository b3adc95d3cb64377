volatile int two = 2;
static int same(int n) { return n; }
static int (*volatile hook)(int) = same;
int note(int n) { return hook(n) + 1; }
int work(int i);
int start(void) { return work(two); }
