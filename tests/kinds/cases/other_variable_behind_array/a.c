int slots[8] = { 1 };
#ifdef NEW
int second = 9;
#endif
int first = 5;
void use(int *);
__attribute__((noinline)) void clear(void) {
    slots[3] = 7;
#ifdef NEW
    use(&second);
#else
    use(&first);
#endif
}
__attribute__((noinline)) void use(int *p) { *p += 1; }
int start(void) {
    clear();
    return first;
}
