#ifdef NEW
#define OLD_NEW(a, b) b
#else
#define OLD_NEW(a, b) a
#endif
#define NOINLINE __attribute__((noinline))
inline void *operator new(decltype(sizeof 0), void *place) noexcept { return place; }
// The runtime's classes, as far as type information needs them.
extern "C" void *const class_type_info[4] asm("_ZTVN10__cxxabiv117__class_type_infoE") = {};
extern "C" void *const si_class_type_info[4] asm("_ZTVN10__cxxabiv120__si_class_type_infoE") = {};
extern "C" void *const vmi_class_type_info[4] asm("_ZTVN10__cxxabiv121__vmi_class_type_infoE") = {};

namespace {
struct Shape {
    virtual int area(int k) { return k; }
};
struct Named {
    virtual int letter() { return 'n'; }
};
struct Square : Shape {
    int side;
    int area(int k) override { return side * side + k; }
};
struct Flag : Square, Named {
    OLD_NEW(, int area(int k) override { return k + 5; }) int letter() override { return 'f'; }
};
Square square;
Flag flag;
Shape *shapes[] = {&square, &flag};
Named *named = &flag;
} // namespace

// The tables lie before the texts.
extern "C" NOINLINE Shape *first() { return new (&flag) Flag; }

NOINLINE static int sum(const char *text) {
    int sum = 0;
    for (const volatile char *p = text; *p; p++) {
        sum = sum * 3 + *p;
    }
    return sum & 63;
}

extern "C" NOINLINE int text(int k) { return sum("cat ") + shapes[k & 1]->area(k) + named->letter(); }
extern "C" NOINLINE int other(int k) { return sum("dog ") + k; }
extern "C" int start() { return first()->area(0) + text(1) + other(2); }
