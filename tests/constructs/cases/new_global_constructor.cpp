// refused: HP214
// abi: gnu
#include "harness.h"

struct Counter {
    int value;
    explicit Counter(int start) : value(hidden(start)) {}
    ~Counter() { value = 0; }
};

#if FIX
static Counter counter(5);
#endif

extern "C" void answer(int request) {
#if FIX
    put_number(++counter.value);
#else
    put_number(hidden(1));
#endif
    (void)request;
}
