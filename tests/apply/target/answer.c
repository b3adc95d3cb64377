/* answer.exe: the program that the tests of `apply` patch.
 *
 * Reads commands from standard input, one per line, and answers each with one line:
 *
 *   ask          first=… second=… pair=… torn=… calls=… unwound=… naps=…
 *   threads N    starts N threads that call `pair` all the time and count wrong results
 *   linger MS    starts a thread that stays in `linger` for MS milliseconds
 *   hold MS      starts a thread that has the address of `nap` in its frame for MS milliseconds
 *   suspended    starts a thread that never runs
 *   churn        starts a thread that starts and ends threads all the time
 *   fiber        starts a thread that is a fiber
 *   lock MS      holds the loader lock for MS milliseconds
 *   quit         ends the program with exit code 0
 *
 * Old code answers 1 and 11, new code 2 and 22. The replaced functions are written in
 * assembler, so that a patch can be put together by hand, byte for byte. */
typedef unsigned int DWORD;
typedef unsigned long long QWORD;
typedef void *HANDLE;
#define IMPORT __declspec(dllimport)
#define EXPORT __declspec(dllexport)

IMPORT HANDLE GetStdHandle(DWORD which);
IMPORT int ReadFile(HANDLE file, void *to, DWORD size, DWORD *read, void *overlapped);
IMPORT int WriteFile(HANDLE file, const void *from, DWORD size, DWORD *written, void *overlapped);
IMPORT HANDLE CreateThread(void *attributes, QWORD stack, DWORD (*entry)(void *), void *argument,
                           DWORD flags, DWORD *id);
IMPORT int CloseHandle(HANDLE handle);
IMPORT DWORD WaitForSingleObject(HANDLE handle, DWORD ms);
IMPORT void Sleep(DWORD ms);
IMPORT void *ConvertThreadToFiber(void *data);
IMPORT __attribute__((noreturn)) void ExitProcess(DWORD code);
IMPORT void *RtlLookupFunctionEntry(QWORD address, QWORD *base, void *history);
IMPORT HANDLE GetModuleHandleA(const char *name);
IMPORT void *GetProcAddress(HANDLE module, const char *name);

int first(void);
int second(void);
int pair(void);
int linger(DWORD ms);

/* Each begins with five bytes of whole instructions that can be displaced. */
__asm__(".text\n"
        ".globl first\n.def first; .scl 2; .type 32; .endef\n.p2align 4\n"
        "first: movl $1, %eax\n ret\n"
        ".globl second\n.def second; .scl 2; .type 32; .endef\n.p2align 4\n"
        "second: movl $1, %eax\n ret\n"
        ".globl pair\n.def pair; .scl 2; .type 32; .endef\n.p2align 4\n.seh_proc pair\n"
        "pair: pushq %rbx\n .seh_pushreg %rbx\n"
        " subq $32, %rsp\n .seh_stackalloc 32\n .seh_endprologue\n"
        " call first\n imull $10, %eax, %ebx\n call second\n addl %ebx, %eax\n"
        " addq $32, %rsp\n popq %rbx\n ret\n .seh_endproc\n"
        ".globl linger\n.def linger; .scl 2; .type 32; .endef\n.p2align 4\n.seh_proc linger\n"
        "linger: pushq %rbx\n .seh_pushreg %rbx\n"
        " subq $32, %rsp\n .seh_stackalloc 32\n .seh_endprologue\n"
        " call nap\n movl $1, %eax\n"
        " addq $32, %rsp\n popq %rbx\n ret\n .seh_endproc\n"
        ".section .drectve,\"yn\"\n"
        ".ascii \" -export:first -export:second -export:pair -export:linger\"\n");

static volatile long long torn, calls, unwound, naps;

/* Sleeps, and notes whether its caller can be unwound. */
EXPORT __attribute__((noinline)) void nap(DWORD ms)
{
    QWORD base = 0;
    if (RtlLookupFunctionEntry((QWORD)__builtin_return_address(0), &base, 0))
        __atomic_fetch_add(&unwound, 1, __ATOMIC_SEQ_CST);
    __atomic_fetch_add(&naps, 1, __ATOMIC_SEQ_CST);
    if (ms)
        Sleep(ms);
}

static DWORD work(void *unused)
{
    (void)unused;
    for (DWORD n = 1;; n++) {
        int result = pair();
        if (result != 11 && result != 22)
            __atomic_fetch_add(&torn, 1, __ATOMIC_RELAXED);
        __atomic_fetch_add(&calls, 1, __ATOMIC_RELAXED);
        if (n % 512 == 0)
            Sleep(1);
    }
}

static DWORD stay(void *ms)
{
    return (DWORD)linger((DWORD)(QWORD)ms);
}

static DWORD hold(void *ms)
{
    void (*volatile held)(DWORD) = nap;
    Sleep((DWORD)(QWORD)ms);
    return held != 0;
}

static DWORD end(void *unused)
{
    (void)unused;
    return 0;
}

static DWORD churn(void *unused)
{
    (void)unused;
    for (;;) {
        HANDLE thread = CreateThread(0, 0, end, 0, 0, 0);
        if (thread) {
            WaitForSingleObject(thread, 1000);
            CloseHandle(thread);
        }
    }
}

static DWORD fiber(void *unused)
{
    ConvertThreadToFiber(unused);
    for (;;)
        Sleep(1000);
}

static DWORD lock(void *ms)
{
    HANDLE ntdll = GetModuleHandleA("ntdll.dll");
    int (*take)(DWORD, DWORD *, QWORD *) = GetProcAddress(ntdll, "LdrLockLoaderLock");
    int (*give)(DWORD, QWORD) = GetProcAddress(ntdll, "LdrUnlockLoaderLock");
    QWORD cookie = 0;
    take(0, 0, &cookie);
    Sleep((DWORD)(QWORD)ms);
    give(0, cookie);
    return 0;
}

static void start_thread(DWORD (*entry)(void *), QWORD argument, DWORD flags)
{
    HANDLE thread = CreateThread(0, 0, entry, (void *)argument, flags, 0);
    if (!thread)
        ExitProcess(3);
    CloseHandle(thread);
}

static char line[256];
static unsigned used;

static void text(const char *from)
{
    while (*from && used < sizeof line)
        line[used++] = *from++;
}

static void number(const char *name, long long value)
{
    char digits[24];
    int n = 0;
    do
        digits[n++] = (char)('0' + value % 10);
    while (value /= 10);
    text(name);
    while (n && used < sizeof line)
        line[used++] = digits[--n];
}

static void answer(void)
{
    DWORD written;
    text("\n");
    WriteFile(GetStdHandle((DWORD)-11), line, used, &written, 0);
    used = 0;
}

/* Whether the command begins with the name; sets the number that follows. */
static int is(const char *command, const char *name, QWORD *value)
{
    while (*name)
        if (*command++ != *name++)
            return 0;
    *value = 0;
    for (; *command == ' '; command++)
        ;
    for (; *command >= '0' && *command <= '9'; command++)
        *value = *value * 10 + (QWORD)(*command - '0');
    return 1;
}

static void handle(const char *command)
{
    QWORD value;
    if (is(command, "ask", &value)) {
        number("first=", first());
        number(" second=", second());
        number(" pair=", pair());
        number(" torn=", torn);
        number(" calls=", calls);
        number(" unwound=", unwound);
        number(" naps=", naps);
    } else if (is(command, "threads", &value)) {
        while (value--)
            start_thread(work, 0, 0);
        text("started");
    } else if (is(command, "linger", &value)) {
        long long before = naps;
        start_thread(stay, value, 0);
        while (naps == before)
            Sleep(1);
        text("started");
    } else if (is(command, "hold", &value)) {
        start_thread(hold, value, 0);
        Sleep(20);
        text("started");
    } else if (is(command, "suspended", &value)) {
        start_thread(end, 0, 4);
        text("started");
    } else if (is(command, "churn", &value)) {
        start_thread(churn, 0, 0);
        text("started");
    } else if (is(command, "fiber", &value)) {
        start_thread(fiber, 0, 0);
        Sleep(20);
        text("started");
    } else if (is(command, "lock", &value)) {
        start_thread(lock, value, 0);
        Sleep(20);
        text("started");
    } else if (is(command, "quit", &value)) {
        ExitProcess(0);
    } else {
        text("what?");
    }
    answer();
}

void start(void)
{
    static char command[128];
    HANDLE input = GetStdHandle((DWORD)-10);
    unsigned n = 0;
    char c;
    DWORD read;
    text("ready");
    answer();
    while (ReadFile(input, &c, 1, &read, 0) && read) {
        if (c == '\r')
            continue;
        if (c != '\n' && n + 1 < sizeof command) {
            command[n++] = c;
            continue;
        }
        command[n] = 0;
        n = 0;
        handle(command);
    }
    ExitProcess(0);
}
