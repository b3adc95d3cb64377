/* Stands in for the run-time library of Python: as much of it as a debugger asks for that
 * attaches itself. What it answers is set for each thread by stand_in(). */
#include <windows.h>

#define EXPORT __declspec(dllexport)

enum { NOT_INITIALIZED = 1, UNKNOWN_VERSION = 2, NO_INTERPRETER = 4, NOT_CALLED = 8 };
struct state {
    int way;
    int threads, calls, taken;
    unsigned long ran;
};
static DWORD slot = TLS_OUT_OF_INDEXES;

static struct state *own(void) {
    struct state *state = TlsGetValue(slot);
    if (!state) {
        state = HeapAlloc(GetProcessHeap(), HEAP_ZERO_MEMORY, sizeof *state);
        TlsSetValue(slot, state);
    }
    return state;
}

BOOL WINAPI DllMain(HINSTANCE module, DWORD reason, void *reserved) {
    (void)module, (void)reserved;
    if (reason == DLL_PROCESS_ATTACH)
        slot = TlsAlloc();
    return TRUE;
}

/* Begins anew for this thread. */
EXPORT void stand_in(int way) {
    struct state *state = own();
    ZeroMemory(state, sizeof *state);
    state->way = way;
}
/* What was done to it since then, in one number. */
EXPORT unsigned long long stand_in_saw(void) {
    struct state *s = own();
    return s->ran * 1000000ull + (unsigned)s->calls * 1000 + (unsigned)s->taken * 10 + (unsigned)s->threads;
}

EXPORT char _Py_NoneStruct[64];
EXPORT int Py_IsInitialized(void) { return !(own()->way & NOT_INITIALIZED); }
EXPORT const char *Py_GetVersion(void) { return own()->way & UNKNOWN_VERSION ? "9.9" : "3.6.8"; }
EXPORT int Py_AddPendingCall(int (*function)(void *), void *argument) {
    own()->calls++;
    return own()->way & NOT_CALLED ? 0 : function(argument);
}
EXPORT void *PyInterpreterState_Head(void) {
    return own()->way & NO_INTERPRETER ? NULL : _Py_NoneStruct;
}
EXPORT int PyGILState_Ensure(void) { return ++own()->taken; }
EXPORT void PyGILState_Release(int state) { own()->taken += 2 * (state > 0); }
EXPORT void *PyInterpreterState_ThreadHead(void *interpreter) { (void)interpreter; return NULL; }
EXPORT void PyEval_InitThreads(void) { own()->threads = 1; }
EXPORT void PyEval_ReleaseLock(void) {}
EXPORT int PyEval_ThreadsInitialized(void) { return own()->threads; }
EXPORT void *PyThreadState_Next(void *thread) { (void)thread; return NULL; }
EXPORT void *PyThreadState_New(void *interpreter) { return interpreter; }
EXPORT void *_PyThreadState_UncheckedGet(void) { return _Py_NoneStruct; }
EXPORT void *PyImport_ImportModule(const char *name) { own()->calls += name[0]; return _Py_NoneStruct; }
EXPORT unsigned long _PyEval_GetSwitchInterval(void) { return 5000; }
EXPORT void _PyEval_SetSwitchInterval(unsigned long time) { own()->calls += (int)(time / 1000); }
EXPORT int PyRun_SimpleString(const char *command) {
    struct state *state = own();
    while (*command)
        state->ran = state->ran * 31 + (unsigned char)*command++;
    return 0;
}
