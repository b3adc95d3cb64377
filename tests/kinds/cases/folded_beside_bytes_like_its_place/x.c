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
/* clc; adc dword [rax], 16: from its second byte on that reads as 0x1010, where the second
   function is in the new build. */
APART void mark(int *place) {
  __asm__ volatile("clc\n.byte 0x81, 0x10, 0x10, 0, 0, 0" : : "a"(place) : "memory", "cc");
}
int start(void) {
  int place = 0;
  mark(&place);
  return use_first(seed) + use_second(seed) + place;
}
