typedef int (*step)(int);
#define STEP(name) __attribute__((section(".rdata$steps$m"), used)) static const step in_list_##name = name
#ifdef NEW
static const char unrelated[] = "moves what lies behind";
const char *text(void) { return unrelated; }
#endif
__attribute__((noinline)) static int twice(int v) {
#ifdef NEW
    return v * 2 + 1;
#else
    return v * 2;
#endif
}
STEP(twice);
