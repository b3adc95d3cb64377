#ifdef NEW
long queue[24];
#else
long queue[4];
#endif
long waiting[4], rest[40];
