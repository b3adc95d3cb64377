int work(void);
#ifdef NEW
int next = 7, more = 8;
#else
int more = 8, next = 7;
#endif
int start(void) { return work() + next * 2 + more; }
