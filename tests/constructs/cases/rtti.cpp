// abi: gnu
// old: cat dog none
// new: CAT dog none!
// back: cat dog none
// start: CAT dog none!
#include "harness.h"
#include <typeinfo>

namespace {
struct Animal {
    virtual ~Animal() {}
};
struct Cat : Animal {};
struct Dog : Animal {};
struct Fish : Animal {};
Cat cat;
Dog dog;
Fish fish;

NOINLINE void name(const Animal *a) {
    if (dynamic_cast<const Cat *>(a)) {
        put(FIX ? "CAT " : "cat ");
    } else if (typeid(*a) == typeid(Dog)) {
        put("dog ");
    } else {
        put(FIX ? "none!" : "none");
    }
}
} // namespace

extern "C" void answer(int request) {
    const Animal *const all[] = {&cat, &dog, &fish};
    for (const Animal *a : all) {
        name(static_cast<const Animal *>(opaque(const_cast<Animal *>(a))));
    }
    (void)request;
}
