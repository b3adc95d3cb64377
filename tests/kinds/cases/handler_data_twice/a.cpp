extern "C" {
int __gxx_personality_seh0() { return 1; }
void *__cxa_begin_catch(void *) { return 0; }
void __cxa_end_catch() {}
void _Unwind_Resume(void *) {}
int divide(int, int);
}
#ifdef NEW
#define STEP(n) ((n) * 3 + 1)
#else
#define STEP(n) (n)
#endif
extern "C" __attribute__((noinline)) int first(int n) {
  try {
    return divide(n, 3) + 1;
  } catch (...) {
    return STEP(n);
  }
}
extern "C" __attribute__((noinline)) int second(int n) {
  try {
    return divide(n, 5) - 1;
  } catch (...) {
    return n * 2;
  }
}
extern "C" int changed(int n) { return STEP(n) + 2; }
