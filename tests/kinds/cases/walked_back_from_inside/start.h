/* Runs all parts and ends with a number that says what they answered. */
#include "semantic.h"

static unsigned sum;
int _fltused;

void emit(int number) { sum = sum * 31 + (unsigned)number; }
static void result(const char *name, int number) { emit(number); }

void run_all(int round);

int start(void) {
    for (int round = 1; round <= 3; round++) {
        run_all(round);
    }
    return (int)(sum & 63);
}

#include "memory.h"
