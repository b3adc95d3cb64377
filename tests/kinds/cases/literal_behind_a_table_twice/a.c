#define NI __attribute__((noinline))
#ifdef NEW
#define FIRST 5
#else
#define FIRST 1
#endif
const int tab[8] = { FIRST, 2, 3, 4, 5, 6, 7, 8 };
__attribute__((noinline, optnone)) int add(const int *p, const char *text) {
    return *(volatile const int *)p + text[0];
}
int (*volatile how)(const int *, const char *) = add;
/* The address is not kept from one call to the other. */
#define TEXT(at) __asm__ volatile("leaq %1, %0" : "=r"(at) : "m"(*"behind it"))
NI int total(void) {
    const char *text;
    TEXT(text);
    int sum = how(tab, text);
    TEXT(text);
    return sum * 2 + how(tab + 1, text);
}
int start(void) { return total() & 127; }
