volatile int code;
__attribute__((noreturn, noinline)) void stop(int n) { code = n; for (;;) ; }
#ifdef NEW
__attribute__((noinline)) int after(int n) { return n - code; }
__attribute__((noinline)) void fail(int n) { if (n) code = n; stop(n); }
#else
__attribute__((noinline)) void fail(int n) { if (n) code = n; stop(n); }
__attribute__((noinline)) int after(int n) { return n - code; }
#endif
int other(int);
int start(void) { if (code) fail(1); return other(2) + after(1); }
