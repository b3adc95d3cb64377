int first(int), second(int);
int start(void) { first(1); second(2); return first(3) * 10 + second(4); }
