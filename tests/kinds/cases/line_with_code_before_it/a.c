volatile int sum, level;
__attribute__((noinline, optnone)) void note(const char *file, int code) { level = code + file[0] - 'a'; }
void (*volatile told)(const char *file, int code) = note;
#ifdef NEW
#define BASE 60
#define BEHIND 64
#define CODE 64
#else
#define BASE 40
#define BEHIND 43
#define CODE 44
#endif
#line BASE "a.c"
__attribute__((noinline)) int check(int n) {
    told(__FILE__, CODE);
#line BEHIND "a.c"
    sum += n;
    return sum + 2;
}
volatile int one = 1;
int start(void) { return check(one) + level; }
