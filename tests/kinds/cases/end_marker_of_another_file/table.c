#ifdef NEW
const short weights[6] = {3, 1, 4, 1, 5, 9};
#else
const short weights[6] = {3, 1, 4, 1, 5, 7};
#endif
const short weights_end[2] = {-1, -1};
