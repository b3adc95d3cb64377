int __C_specific_handler(void *record, void *frame, void *context, void *dispatch) { return 1; }
int value = 3;
int guarded(int *);
int start(void) { return guarded(&value); }
