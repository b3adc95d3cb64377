extern int tail;
int *cursor = &tail;
