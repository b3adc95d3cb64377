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
/* lea rax, [rsp + number], as a large frame has them: by chance the number is the distance from
   itself to the second function. */
APART void mark(int *place) {
  __asm__ volatile(".byte 0x48, 0x8d, 0x84, 0x24\n.long second - . - 4" : : : "rax");
  *place = 16;
}
int start(void) {
  int place = 0;
  mark(&place);
  return use_first(seed) + use_second(seed) + place;
}
