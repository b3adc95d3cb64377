#ifdef NEW
#define V(old, new) new
#else
#define V(old, new) old
#endif
#define NI __attribute__((noinline))
struct colour { const char *name; int number; };
static const struct colour colours[3] = { { "red", 1 }, { "green", 2 }, { V("blue", "violet"), 3 } };
NI const char *name_of(int number) {
  for (int i = 0; i < 3; i++)
    if (colours[i].number == number) return colours[i].name;
  return 0;
}
const char *volatile last;
NI int work(int number) {
  last = name_of(number);
  return last ? last[0] : 7;
}
volatile int two = 2;
int start(void) { return work(two); }
