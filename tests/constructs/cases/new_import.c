// note: HP220
// old: 3
// new: 42 5
// back: 3
// start: 42 5
#include "harness.h"

#if FIX
__declspec(dllimport) int __stdcall MulDiv(int number, int numerator, int denominator);
__declspec(dllimport) int __stdcall lstrlenA(const char *text);
#endif

void answer(int request) {
#if FIX
    put_number(MulDiv(hidden(6), 14, 2));
    put(" ");
    put_number(lstrlenA("12345"));
#else
    put_number(hidden(3));
#endif
    (void)request;
}
