#ifdef NEW
#define V(old, new) new
#else
#define V(old, new) old
#endif
#define NI __attribute__((noinline))
#define TEXT V("first text", "other text")
NI const char *text(unsigned i) {
    static const char *const texts[] = { TEXT, TEXT + 6, "third" };
    return texts[i];
}
