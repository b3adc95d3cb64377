struct entry { int key, value; };
__attribute__((section(".rdata$rows$a"))) const struct entry rows_begin[1] = { { 0, 0 } };
__attribute__((section(".rdata$rows$z"))) const struct entry rows_end[1] = { { 0, 0 } };
extern const struct entry rows_begin[], rows_end[];
__attribute__((noinline)) int walk(int key) {
    const struct entry *p = rows_begin, *end = rows_end;
    __asm__("" : "+r"(p), "+r"(end));
    for (p++; p < end; p++)
        if (p->key == key)
#ifdef NEW
            return p->value + 1;
#else
            return p->value;
#endif
    return -1;
}
volatile int key = 2;
int start(void) { return walk(key); }
