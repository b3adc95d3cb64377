__attribute__((noinline)) int fixed(int v) {
#ifdef NEW
    return v + 2;
#else
    return v + 1;
#endif
}
