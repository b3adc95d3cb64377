#ifdef NEW
#define SECOND 9
#else
#define SECOND 2
#endif
static const int day[4] = { 1, SECOND, 3, 4 };
static const int dusk[4] = { 11, 12, 13, 14 };
static const int night[4] = { 21, 22, 23, 24 };
struct change { const int *from, *to; };
static const struct change changes[] = { { day, dusk }, { dusk, night } };
__attribute__((noinline)) int step(int change, int at) {
  return changes[change].from[at] * 3 + changes[change].to[at];
}
__attribute__((noinline)) const int *of(int time) { return time ? night : dusk; }
volatile int one = 1;
int start(void) { return step(one, 1) + step(one - 1, 3) + of(one)[1]; }
