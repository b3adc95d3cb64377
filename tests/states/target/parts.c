/* What is patched in states.exe. Compiled for size: nothing lies between functions then but
 * what is asked for. */
#include <windows.h>

#include "common.h"

volatile int ten = 10;

/* Blocks of small functions; the padding behind each is room for one relay. */
SMALL(s0) { ANSWER(V_s0); }
SMALL(s1) { ANSWER(V_s1); }
MEDIUM(m0) { return ten * x + V_m0; }
SMALL(s2) { ANSWER(V_s2); }
SMALL(s3) { ANSWER(V_s3); }
MEDIUM(m1) { return ten * x + V_m1; }
SMALL(s4) { ANSWER(V_s4); }
SMALL(s5) { ANSWER(V_s5); }
MEDIUM(m2) { return ten * x + V_m2; }
MEDIUM(m3) { return ten * x + V_m3; }
MEDIUM(m4) { return ten * x + V_m4; }
MEDIUM(m5) { return ten * x + V_m5; }

/* Of a call that is under way the version is what it began with. */
#define SEAT(name)                                                                            \
    __attribute__((noinline)) int name(int stay)                                              \
    {                                                                                         \
        int version = ten - 10 + V_##name;                                                    \
        if (stay) {                                                                           \
            SetEvent(is_in);                                                                  \
            WaitForSingleObject(may_leave, INFINITE);                                         \
        }                                                                                     \
        return version;                                                                       \
    }
SEAT(w0)
SEAT(w1)
