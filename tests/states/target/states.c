/* states.exe: what the state machine does things to.
 *
 * Reads commands from standard input, one per line, and answers each with one line:
 *
 *   ask          NAME=VERSION … wrong=N calls=N: which version of each function runs
 *   load PATH    loads the library; where it is
 *   move PATH    the same, after it has put memory of its own where the library was last
 *   unload       unloads it
 *   sit NAME     a thread calls w0 or w1 and stays in it
 *   leave        it comes back
 *   hold HEX     stores a word
 *   drop         stores 0 instead
 *
 * All the time threads call every function, and count answers that no version gives. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <windows.h>

#include "common.h"

#define THREADS 3

HANDLE may_leave, is_in;

typedef unsigned char small(void);
typedef int medium(int);

struct function {
    const char *name;
    small *small;
    medium *medium;
    /* Called with 0, and answers the version alone. */
    medium *seat;
};

#define S(n) {#n, n, 0, 0}
#define M(n) {#n, 0, n, 0}
static const struct function own[] = {
    S(s0), S(s1), S(s2), S(s3), S(s4), S(s5), M(m0), M(m1),
    M(m2), M(m3), M(m4), M(m5), {"w0", 0, 0, w0}, {"w1", 0, 0, w1},
};
static struct function plug[] = {
    {"z0", 0, 0, 0}, {"z1", 0, 0, 0}, {"z2", 0, 0, 0},
    {"d0", 0, 0, 0}, {"d1", 0, 0, 0}, {"d2", 0, 0, 0},
};
#define COUNT(list) (sizeof(list) / sizeof(*list))

static SRWLOCK of_plug = SRWLOCK_INIT;
static HMODULE library;
static volatile LONG64 wrong, calls;
static volatile ULONG64 held;

/* The version, or something that is none. */
static int version(const struct function *f, int x)
{
    if (f->small)
        return f->small();
    return f->medium ? f->medium(x) - 10 * x : f->seat(0);
}

static void call_all(const struct function *list, size_t count, int x)
{
    for (size_t i = 0; i < count; i++) {
        int found = version(&list[i], x);
        if (found < 0 || found > 9)
            InterlockedIncrement64(&wrong);
    }
}

static DWORD WINAPI busy(void *unused)
{
    (void)unused;
    for (int n = 0;; n++) {
        call_all(own, COUNT(own), n & 0xffff);
        AcquireSRWLockShared(&of_plug);
        if (library)
            call_all(plug, COUNT(plug), n & 0xffff);
        ReleaseSRWLockShared(&of_plug);
        InterlockedIncrement64(&calls);
        if (n % 64 == 0)
            Sleep(1);
    }
}

static DWORD WINAPI sit(void *seat)
{
    ((medium *)seat)(1);
    SetEvent(is_in);
    return 0;
}

static void tell(const struct function *list, size_t count)
{
    for (size_t i = 0; i < count; i++)
        printf("%s=%d ", list[i].name, version(&list[i], 3));
}

/* Where the library was last; and memory that is there instead, which nobody may write to. */
static void *last;
static unsigned char *squat;
#define SQUAT 0x4000
#define FILL 0x5a

static void free_squat(void)
{
    if (squat)
        VirtualFree(squat, 0, MEM_RELEASE);
    squat = 0;
}

static void take_last_place(void)
{
    if (last)
        squat = VirtualAlloc(last, SQUAT, MEM_RESERVE | MEM_COMMIT, PAGE_EXECUTE_READWRITE);
    if (squat)
        memset(squat, FILL, SQUAT);
}

static long long changed(void)
{
    long long count = 0;
    for (int i = 0; squat && i < SQUAT; i++)
        count += squat[i] != FILL;
    return count;
}

static void load(const char *path)
{
    HMODULE loaded = LoadLibraryA(path);
    last = loaded;
    AcquireSRWLockExclusive(&of_plug);
    for (size_t i = 0; loaded && i < COUNT(plug); i++) {
        void *at = (void *)GetProcAddress(loaded, plug[i].name);
        if (plug[i].name[0] == 'z')
            plug[i].small = (small *)at;
        else
            plug[i].medium = (medium *)at;
    }
    library = loaded;
    ReleaseSRWLockExclusive(&of_plug);
    printf("%p\n", (void *)loaded);
}

static void unload(void)
{
    AcquireSRWLockExclusive(&of_plug);
    HMODULE loaded = library;
    library = 0;
    ReleaseSRWLockExclusive(&of_plug);
    printf("%d\n", loaded && FreeLibrary(loaded));
}

int main(void)
{
    char line[1024];
    HANDLE sitter = 0;
    may_leave = CreateEventA(0, FALSE, FALSE, 0);
    is_in = CreateEventA(0, FALSE, FALSE, 0);
    for (int i = 0; i < THREADS; i++)
        CloseHandle(CreateThread(0, 0, busy, 0, 0, 0));
    setvbuf(stdout, 0, _IOFBF, 4096);
    printf("ready\n");
    fflush(stdout);
    while (fgets(line, sizeof line, stdin)) {
        line[strcspn(line, "\r\n")] = 0;
        if (!strcmp(line, "ask")) {
            tell(own, COUNT(own));
            if (library)
                tell(plug, COUNT(plug));
            printf("wrong=%lld calls=%lld\n", (long long)wrong + changed(), (long long)calls);
        } else if (!strncmp(line, "load ", 5)) {
            free_squat();
            load(line + 5);
        } else if (!strncmp(line, "move ", 5)) {
            free_squat();
            take_last_place();
            load(line + 5);
        } else if (!strcmp(line, "unload")) {
            unload();
        } else if (!strncmp(line, "sit ", 4)) {
            sitter = CreateThread(0, 0, sit, (void *)(line[5] == '0' ? w0 : w1), 0, 0);
            WaitForSingleObject(is_in, INFINITE);
            printf("sitting\n");
        } else if (!strcmp(line, "leave")) {
            SetEvent(may_leave);
            WaitForSingleObject(sitter, INFINITE);
            CloseHandle(sitter);
            ResetEvent(is_in);
            printf("left\n");
        } else if (!strncmp(line, "hold ", 5)) {
            held = strtoull(line + 5, 0, 16);
            printf("held\n");
        } else if (!strcmp(line, "drop")) {
            held = 0;
            printf("dropped\n");
        } else {
            printf("what?\n");
        }
        fflush(stdout);
        /* No word of a command stays behind. */
        memset(line, 0, sizeof line);
    }
    return 0;
}
