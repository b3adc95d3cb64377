// note: HP220
// check: HP521
// link gnu: -lversion
// old: 3
// new: 0
// back: 3
#include "harness.h"

#if FIX
__declspec(dllimport) unsigned __stdcall GetFileVersionInfoSizeA(const char *file, unsigned *zero);
#endif

void answer(int request) {
#if FIX
    put_number(GetFileVersionInfoSizeA("no such file", 0));
#else
    put_number(hidden(3));
#endif
    (void)request;
}
