#ifdef NEW
#define V(old, new) new
#else
#define V(old, new) old
#endif
#define NI __attribute__((noinline))
NI const char *name(int k) {
    switch (k) {
    case 0: return "red";
    case 1: return "green";
    case 2: return V("blue", "azure");
    case 3: return "white";
    case 4: return "black";
    }
    return "none";
}
volatile int two = 2, three = 3;
int start(void) { return name(two)[0] + name(three)[0]; }
