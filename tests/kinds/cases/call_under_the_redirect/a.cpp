extern "C" {
int __gxx_personality_seh0(void *, void *, void *, void *) { return 1; }
void *__cxa_begin_catch(void *thrown) { return thrown; }
void __cxa_end_catch() {}
void _Unwind_Resume(void *) { __builtin_trap(); }
void work();
extern volatile int caught;
void guarded() {
  try {
    work();
  } catch (...) {
#ifdef NEW
    caught += 2;
#else
    caught += 1;
#endif
  }
}
}
