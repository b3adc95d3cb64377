int b(int), c(int);
void *kept[23] = { (void *)1 };
__declspec(dllexport) void each(void (*f)(void *)) {
    void **p = kept, **e = kept + 23;
    __asm__ volatile("" : "+r"(p), "+r"(e));
    for (; p != e; ++p) f(*p);
}
int start(void) { return b(1) + c(2); }
