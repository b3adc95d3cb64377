#define APART __attribute__((noinline))
volatile int seed = 5, waits;
#ifdef NEW
volatile int more = 2;
#endif
APART int wake(int n) { return n + seed; }
/* What LLVM's OpenMP runtime has for umonitor: no processor documents these bytes. */
APART int rest(int n, volatile int *where) {
  if (waits)
    __asm__ volatile(".byte 0xf3, 0x0f, 0xae, 0x01" : : "c"(where) : "memory");
#ifdef NEW
  return wake(n) + 2;
#else
  return wake(n) + 1;
#endif
}
APART int doze(int n, volatile int *where) {
  if (waits)
    __asm__ volatile(".byte 0xf3, 0x0f, 0xae, 0x01" : : "c"(where) : "memory");
  return wake(n) * 3;
}
int start(void) { return rest(seed, &waits) + doze(2, &waits); }
