// abi: msvc
// old: caught filter 1 finally inner rethrown
// new: CAUGHT filter 2 FINALLY INNER rethrown
// back: caught filter 1 finally inner rethrown
// start: CAUGHT filter 2 FINALLY INNER rethrown
#include "harness.h"

__declspec(dllimport) void __stdcall RaiseException(unsigned code, unsigned flags, unsigned count, const u64 *arguments);

unsigned long _exception_code(void);
static volatile int zero;

NOINLINE static void fault(void) {
    __try {
        *(volatile int *)opaque(0) = 1;
        put("not reached");
    } __except (1) {
        put(FIX ? "CAUGHT" : "caught");
    }
}

NOINLINE static int decide(unsigned code, int *seen) {
    *seen = FIX ? 2 : 1;
    return code == 0xe0000001 ? 1 : 0;
}

NOINLINE static void filtered(void) {
    int seen = 0;
    __try {
        RaiseException(0xe0000001, 0, 0, 0);
    } __except (decide(_exception_code(), &seen)) {
        put(" filter ");
        put_number(seen);
    }
}

NOINLINE static void finally(void) {
    __try {
        RaiseException(0xe0000002, 0, 0, 0);
    } __finally {
        put(FIX ? " FINALLY" : " finally");
    }
}

NOINLINE static void nested(void) {
    __try {
        __try {
            finally();
        } __except (zero ? 1 : 0) {
            put(" wrong");
        }
    } __except (1) {
        put(FIX ? " INNER" : " inner");
        put(" rethrown");
    }
}

void answer(int request) {
    fault();
    filtered();
    nested();
    (void)request;
}
