int value = 3;
int guarded(int *);
int start(void) { return guarded(&value); }
