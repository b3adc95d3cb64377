#ifdef NEW
const short weights[6] = {3, 1, 4, 1, 5, 9};
#else
const short weights[6] = {3, 1, 4, 1, 5, 7};
#endif
const short prices[6] = {10, 20, 30, 40, 50, 60};
