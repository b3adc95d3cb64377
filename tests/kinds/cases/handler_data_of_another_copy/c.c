int first(int), second(int);
volatile int twelve = 12;
int _fltused;
__attribute__((noinline)) int divide(int a, int b) { return a / b; }
int __gxx_personality_seh0(void) { return 1; }
void *__cxa_begin_catch(void *object) { return object; }
void __cxa_end_catch(void) {}
void _Unwind_Resume(void *object) {}
int start(void) { return first(twelve) + second(twelve); }
