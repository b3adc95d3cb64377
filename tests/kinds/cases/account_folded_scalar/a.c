#ifdef NEW
const int limit = 6;
#else
const int limit = 5;
#endif
volatile int amount = 9;
const char *volatile text = "some text";
__attribute__((noinline)) int limited(int n) { return n > limit ? limit : n; }
__attribute__((noinline)) int letter(int i) { return text[i]; }
int start(void) { return limited(amount) + letter(0); }
