const long primes[5] = {2, 3, 5, 7, 11};
#ifdef NEW
const long cubes[4] = {1, 8, 27, 64};
#else
const long cubes[4] = {1, 8, 27, 63};
#endif
