volatile int code, limit = 10;
#ifdef NEW
#define MORE 3
#else
#define MORE 2
#endif
void abort(void) { code = 1; }
/* It fails fast, or as the C runtime does. */
__attribute__((noinline, noreturn)) void fail(int a) {
  code = a + MORE;
  if (a > 100) __asm__ volatile("int $0x29" : : "c"(7));
  abort();
  __builtin_unreachable();
}
int start(void) {
  if (limit > 100) fail(limit);
  return code;
}
