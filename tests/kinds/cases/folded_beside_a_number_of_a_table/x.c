#define APART __attribute__((noinline))
volatile int seed = 5;
APART int first(int n) { return n * 3 + seed; }
#ifdef NEW
APART int second(int n) { return n * 3 + seed + 40; }
#else
APART int second(int n) { return n * 3 + seed; }
#endif

APART int use_first(int n) { return first(n) + 1; }
APART int use_second(int n) { return second(n) + 2; }
/* 0x1010 is where the second function is in the new build. */
const unsigned short numbers[6] = {7, 0x1010, 0, 9, 0x1010, 0};
APART void mark(int *place) { *place = numbers[place[1]]; }
int start(void) {
  int place[2] = {0, 3};
  mark(place);
  return use_first(seed) + use_second(seed) + place[0];
}
