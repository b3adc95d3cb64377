// old: 4 16 circle
// new: 8 16 CIRCLE
// back: 4 16 circle
// start: 8 16 CIRCLE
#include "harness.h"

inline void *operator new(decltype(sizeof 0), void *at) noexcept { return at; }

struct Shape {
    virtual int area() const = 0;
    virtual const char *name() const { return "shape"; }
};
struct Circle : Shape {
    int r = 2;
    int area() const override { return hidden(r) * (FIX ? 4 : 2); }
    const char *name() const override { return FIX ? "CIRCLE" : "circle"; }
};
struct Square : Shape {
    int a = 4;
    int area() const override { return hidden(a) * a; }
};

static Shape *shapes[2];

extern "C" void answer(int request) {
    static unsigned char room[2][32];
    if (request == 1) {
        /* Live objects: their tables of virtual functions are the old image's. */
        shapes[0] = new (static_cast<void *>(room[0])) Circle;
        shapes[1] = new (static_cast<void *>(room[1])) Square;
    }
    put_number(shapes[0]->area());
    put(" ");
    put_number(shapes[1]->area());
    put(" ");
    put(shapes[0]->name());
}
