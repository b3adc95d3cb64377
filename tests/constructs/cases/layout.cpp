// refused: HP305
#include "harness.h"

struct Item {
    int first;
#if FIX
    int added;
#endif
    int second;
};

static Item item = {1, 2};

extern "C" void answer(int request) {
    auto *i = static_cast<Item *>(opaque(&item));
    put_number(i->first + i->second);
    (void)request;
}
