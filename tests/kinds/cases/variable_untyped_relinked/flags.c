char flags[3];
char state = 1;
