#ifdef NEW
#define OLD_NEW(a, b) b
#else
#define OLD_NEW(a, b) a
#endif
#define NI __attribute__((noinline))
inline void *operator new(decltype(sizeof 0), void *place) noexcept { return place; }
namespace std {
struct type_info {
    const void *table;
    const char *name;
};
}
// The runtime's class, as far as type information needs it.
extern "C" void *const class_type_info[4] asm("_ZTVN10__cxxabiv117__class_type_infoE") = {};

__attribute__((noinline, optnone)) static int sum(const char *text) {
    int sum = 0;
    for (const volatile char *p = text; *p; p++) {
        sum = sum * 3 + *p;
    }
    return sum & 63;
}

namespace {
struct Shape {
    int side = 100;
    // Its literals lie behind the tables of the class.
    virtual int area(int k) { return side + k + sum(OLD_NEW("cat ", "Cat!")); }
};
Shape shape;
} // namespace
extern "C" NI Shape *first() { return new (&shape) Shape; }
extern "C" NI const char *name() {
    const std::type_info *type = &typeid(Shape);
    asm("" : "+r"(type));
    return type->name;
}
extern "C" NI int measure(Shape *shape) { return shape->area(2); }
extern "C" int start() { return measure(first()) + name()[1] - 100; }
