#ifdef NEW
#define ALIGNED __attribute__((aligned(16)))
#else
#define ALIGNED
#endif
short tag = 3;
ALIGNED struct color { float r, g, b, a; } back = {1, 2, 3, 4};
short tags[3] = {5, 6, 7};
ALIGNED struct color front = {5, 6, 7, 8};
