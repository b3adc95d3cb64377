union word {
  int number;
  struct {
    short low, high;
  } halves;
#ifdef NEW
  unsigned char bytes[4];
#endif
};
union word words[2] = {{1}, {0x10002}};
int volatile which = 1;
__attribute__((noinline)) int first(union word *word) {
#ifdef NEW
  return word->bytes[2];
#else
  return word->halves.high + 1;
#endif
}
int start(void) { return first(&words[which]); }
