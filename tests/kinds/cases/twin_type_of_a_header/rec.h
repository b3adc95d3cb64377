struct rec {
#ifdef WIDE
  long long wide;
#endif
  int tail;
};
