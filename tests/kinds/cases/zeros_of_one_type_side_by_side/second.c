#ifdef NEW
int second[4], newer[4];
#else
int second[4];
#endif
