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
/* c7 00 10 00 00 00: from its second byte on it reads as 0x1000, where the first function is. */
APART void mark(int *place) { __asm__ volatile("movl $16, (%%rax)" : : "a"(place) : "memory"); }
int start(void) {
  int place;
  mark(&place);
  return use_first(seed) + use_second(seed) + place;
}
