#ifdef NEW
const short weights[6] = {3, 1, 4, 1, 5, 9};
#else
const short weights[6] = {3, 1, 4, 1, 5, 7};
#endif
const short offsets[2] = {4, 5};
