unsigned GetTickCount(void);
#ifdef NEW
unsigned GetCurrentProcessId(void);
#endif
__attribute__((noinline)) unsigned seen(void) {
#ifdef NEW
  return GetCurrentProcessId();
#else
  return GetTickCount();
#endif
}
unsigned start(void) { return seen() == GetTickCount(); }
