// old: 7 12 9
// new: 70 13 9
// back: 7 12 9
// start: 70 13 9
#include "harness.h"

template <typename F> NOINLINE int apply(F f, int n) {
    return f(hidden(n));
}

template <typename T, int N> struct Scaled {
    T value;
    NOINLINE T get() const { return value * N + (FIX && N == 3 ? 1 : 0); }
};

extern "C" void answer(int request) {
    int bias = hidden(0);
    put_number(apply([bias](int n) { return n * (FIX ? 10 : 1) + bias; }, 7));
    put(" ");
    Scaled<int, 3> three{hidden(4)};
    put_number(three.get());
    put(" ");
    Scaled<long, 9> nine{hidden(1)};
    put_number(nine.get());
    (void)request;
}
