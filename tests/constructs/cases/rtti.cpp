// abi: gnu
// refused: HP310
// Refused without need: nothing says where the tables of run-time type information end that
// have no symbols, and a text behind them changes. Once that is known, the answers are
// "cat dog none", and "CAT dog none!" with the patch.
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
