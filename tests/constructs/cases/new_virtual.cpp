// refused: HP304
#include "harness.h"

struct Shape {
    virtual int area() const { return hidden(1); }
#if FIX
    virtual int corners() const { return hidden(4); }
#endif
};

static Shape shape;

extern "C" void answer(int request) {
    const Shape *s = static_cast<const Shape *>(opaque(&shape));
    put_number(s->area());
#if FIX
    put_number(s->corners());
#endif
    (void)request;
}
