int next(void);
int start(void) { return next() + next(); }
