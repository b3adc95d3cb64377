const int second[3] = { 5, 6, 7 };
#ifdef NEW
const int newer[3] = { 8, 9, 9 };
#endif
