volatile int level, code;
__attribute__((noinline)) void set(int n) { level = n; }
__attribute__((noinline)) void tell(const char *who, int n) { code = n + who[0]; }
#ifdef NEW
#define BASE 20
#else
#define BASE 10
#endif
#line BASE "a.c"
__attribute__((noinline)) int raise_level(int n) { 
    set(BASE + 1);
    return n + 1;
}

__attribute__((noinline)) int name_it(int n) {
    tell("worker", BASE + 6);
    return n + 2;
}
int start(void) { return raise_level(1) + name_it(2) + level * 3 + code; }
