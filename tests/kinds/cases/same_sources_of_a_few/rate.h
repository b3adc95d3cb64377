#ifdef NEW
#define RATE 7
#else
#define RATE 5
#endif
