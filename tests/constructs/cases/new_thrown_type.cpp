// abi: msvc
// refused: HP309
#include "harness.h"

#if FIX
struct Unknown {
    int value;
};
#endif

NOINLINE static void fail() {
#if FIX
    throw Unknown{hidden(3)};
#else
    throw 3;
#endif
}

extern "C" void answer(int request) {
    try {
        fail();
    } catch (...) {
        put("caught");
    }
    (void)request;
}
