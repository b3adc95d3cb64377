/* Attaches a debugger to a Python that python.c stands in for, with the library of debugpy or
 * ptvsd: C++ of MSVC with the genuine run-time libraries beside it. */
#define WORKERS 1
#include "host.h"

typedef int (*attach_function)(const char *command, int *info);
typedef int (*trace_function)(char say, void *set, void *trace, unsigned thread, void *none);
typedef void (*stand_in_function)(int way);
typedef unsigned long long (*saw_function)(void);

static attach_function attach;
static trace_function trace;
static stand_in_function stand_in;
static saw_function saw;

static uint64_t one_round(uint32_t seed) {
    uint64_t all = EMPTY, state = seed;
    char command[200];
    /* A call that never comes would take five seconds: that bit is left out. */
    for (int way = 0; way < 8; way++) {
        int info = 0;
        sprintf(command, "print(%u)", (unsigned)next_random(&state));
        stand_in(way);
        int answer = attach(command, &info);
        unsigned long long seen = saw();
        all = digest(digest(all, &answer, sizeof answer), &seen, sizeof seen);
        answer = trace(0, NULL, NULL, seed, NULL);
        all = digest(all, &answer, sizeof answer);
    }
    return all;
}

int main(int count, char **arguments) {
    /* The library says what it does on its own standard output. */
    HANDLE nothing = CreateFileA("NUL", GENERIC_WRITE, 0, NULL, OPEN_EXISTING, 0, NULL);
    SetStdHandle(STD_OUTPUT_HANDLE, nothing);
    SetStdHandle(STD_ERROR_HANDLE, nothing);
    HMODULE python = LoadLibraryA("python36.dll");
    HMODULE library = count == 2 ? LoadLibraryA(arguments[1]) : NULL;
    if (!library || !python) {
        puts("usage: attach.exe LIBRARY, with python36.dll beside it");
        return 2;
    }
    attach = (attach_function)(void *)GetProcAddress(library, "AttachAndRunPythonCode");
    trace = (trace_function)(void *)GetProcAddress(library, "AttachDebuggerTracing");
    stand_in = (stand_in_function)(void *)GetProcAddress(python, "stand_in");
    saw = (saw_function)(void *)GetProcAddress(python, "stand_in_saw");
    if (!attach || !trace || !stand_in || !saw) {
        puts("a function is not there");
        return 1;
    }
    return serve_module();
}
