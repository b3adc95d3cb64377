#define TEXT_(x) #x
#define TEXT(x) TEXT_(x)
const char *volatile shown;
volatile int amount = 6;
__attribute__((noinline)) void revision(void) { shown = TEXT(GIT_REVISION); }
__attribute__((noinline)) void key(void) { shown = TEXT(KEY_HASH); }
int start(void) { revision(); key(); return amount; }
