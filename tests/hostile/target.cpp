/* A program that makes patching hard. Reads commands from standard input, one per line, and
 * answers each with one line; `ask` says what the replaced functions do and have done.
 * Compiled with FIX 0 and 1. */
#include <windows.h>
#include <winternl.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>

#define NOINLINE __attribute__((noinline))

static volatile LONG64 thrown, faults, wrong, flips;
static volatile bool resting;
static HANDLE wake;

/* What the patch replaces. */

static volatile int one = 1;

NOINLINE static int value() { return one + FIX; }

NOINLINE static void work(volatile LONG64 *counter)
{
    while (one)
        *counter = *counter + 1 + FIX;
}

/* Keeps the compiler from making it smaller. */
static inline void keep(volatile char *room) { asm volatile("" : : "r"(room) : "memory"); }

NOINLINE static int descend(int depth)
{
    volatile char room[64];
    keep(room);
    room[0] = static_cast<char>(FIX);
    if (depth == 0) {
        resting = true;
        WaitForSingleObject(wake, INFINITE);
        return room[0];
    }
    return descend(depth - 1) + room[0];
}

NOINLINE static int descend_wide(int depth)
{
    volatile char room[65536];
    keep(room);
    room[0] = static_cast<char>(FIX);
    if (depth == 0) {
        resting = true;
        WaitForSingleObject(wake, INFINITE);
        return room[0];
    }
    return descend_wide(depth - 1) + room[0];
}

struct guard {
    volatile LONG64 *count;
    ~guard() { InterlockedIncrement64(count); }
};

NOINLINE static int risky(volatile LONG64 *count)
{
    guard counts{count};
    if (one)
        throw 100 + FIX;
    return 0;
}

NOINLINE static int faulty()
{
    ULONG_PTR version = FIX;
    RaiseException(0xe0000042, 0, 1, &version);
    return 0;
}

static void leave_coroutine();

NOINLINE static int wait_inside()
{
    volatile int answer = 10 + FIX;
    leave_coroutine();
    return answer + FIX;
}

/* What it leaves. */

/* A coroutine as libraries make them: on a stack of its own that the system does not know.
 * `swap_stacks` keeps what a call keeps, notes where it stands, and goes on elsewhere. */
extern "C" void swap_stacks(void **from, void *to);
asm(".text\n"
    ".globl swap_stacks\n"
    "swap_stacks:\n"
    "push %rbp\npush %rbx\npush %rdi\npush %rsi\npush %r12\npush %r13\npush %r14\npush %r15\n"
    "mov %rsp, (%rcx)\n"
    "mov %rdx, %rsp\n"
    "pop %r15\npop %r14\npop %r13\npop %r12\npop %rsi\npop %rdi\npop %rbx\npop %rbp\n"
    "ret\n");

static void *coroutine, *caller;
static char *coroutine_stack;
static int coroutine_answer;

static void leave_coroutine() { swap_stacks(&coroutine, caller); }

static void run_coroutine()
{
    coroutine_answer = wait_inside();
    leave_coroutine();
}

static void park()
{
    constexpr SIZE_T size = 0x10000;
    coroutine_stack = static_cast<char *>(VirtualAlloc(nullptr, size, MEM_RESERVE | MEM_COMMIT, PAGE_READWRITE));
    /* Eight registers, and where it begins; above that, room for what a function may use of
     * its caller's frame. */
    auto top = reinterpret_cast<void **>(coroutine_stack + size - 80);
    *top = reinterpret_cast<void *>(run_coroutine);
    swap_stacks(&caller, top - 8);
}

static int resume()
{
    swap_stacks(&caller, coroutine);
    VirtualFree(coroutine_stack, 0, MEM_RELEASE);
    coroutine = nullptr;
    return coroutine_answer;
}

NOINLINE static void try_risky()
{
    volatile LONG64 destroyed = 0;
    try {
        risky(&destroyed);
    } catch (int what) {
        if ((what != 100 && what != 101) || destroyed != 1)
            InterlockedIncrement64(&wrong);
        InterlockedIncrement64(&thrown);
    }
}

NOINLINE static int is_ours(EXCEPTION_POINTERS *exception)
{
    return exception->ExceptionRecord->ExceptionCode == 0xe0000042 &&
           exception->ExceptionRecord->ExceptionInformation[0] < 2;
}

NOINLINE static void try_faulty()
{
    __try {
        faulty();
        InterlockedIncrement64(&wrong);
    } __except (is_ours(GetExceptionInformation())) {
        InterlockedIncrement64(&faults);
    }
}

static DWORD WINAPI throw_always(void *)
{
    for (unsigned n = 0;; n++) {
        try_risky();
        try_faulty();
        if (n % 16 == 0)
            Sleep(1);
    }
}

static DWORD WINAPI work_always(void *)
{
    volatile LONG64 counter = 0;
    work(&counter);
    return 0;
}

static DWORD WINAPI dive(void *depth) { return static_cast<DWORD>(descend(static_cast<int>(reinterpret_cast<ULONG_PTR>(depth)))); }

static DWORD WINAPI dive_wide(void *depth) { return static_cast<DWORD>(descend_wide(static_cast<int>(reinterpret_cast<ULONG_PTR>(depth)))); }

/* The compiler does not know where they lead. */
static int (*volatile value_pointer)() = value;

NOINLINE static char *code_of_value() { return reinterpret_cast<char *>(value_pointer); }

/* Makes its own code writable and back, and writes to it in between. */
static DWORD WINAPI flip_always(void *)
{
    char *page = reinterpret_cast<char *>(reinterpret_cast<ULONG_PTR>(code_of_value()) & ~ULONG_PTR(0xfff));
    /* The last byte of the page is written as it is. */
    volatile char *byte = page + 0xfff;
    for (;;) {
        DWORD before;
        if (!VirtualProtect(page, 0x1000, PAGE_EXECUTE_READWRITE, &before))
            InterlockedIncrement64(&wrong);
        for (int i = 0; i < 1000000; i++)
            *byte = *byte;
        if (!VirtualProtect(page, 0x1000, PAGE_EXECUTE_READ, &before))
            InterlockedIncrement64(&wrong);
        InterlockedIncrement64(&flips);
        Sleep(flips % 8 == 0);
    }
}

static int hooked() { return 9; }

static char original[5];

/* As a hooking library does it. */
static void write_entry(const char *bytes)
{
    char *entry = code_of_value();
    DWORD before;
    VirtualProtect(entry, 5, PAGE_EXECUTE_READWRITE, &before);
    memcpy(entry, bytes, 5);
    VirtualProtect(entry, 5, before, &before);
    FlushInstructionCache(GetCurrentProcess(), entry, 5);
}

static void hook()
{
    char jump[5] = {static_cast<char>(0xe9)};
    int distance = static_cast<int>(reinterpret_cast<char *>(hooked) - code_of_value() - 5);
    memcpy(jump + 1, &distance, 4);
    memcpy(original, code_of_value(), 5);
    write_entry(jump);
}

/* Leaves no free address within reach of the program. */
static int fill()
{
    int blocks = 0;
    auto base = reinterpret_cast<ULONG_PTR>(GetModuleHandleA(nullptr));
    ULONG_PTR at = base > 0x80000000 ? base - 0x80000000 : 0x10000, end = base + 0x81000000;
    MEMORY_BASIC_INFORMATION info;
    while (at < end && VirtualQuery(reinterpret_cast<void *>(at), &info, sizeof info)) {
        auto next = reinterpret_cast<ULONG_PTR>(info.BaseAddress) + info.RegionSize;
        if (info.State == MEM_FREE) {
            ULONG_PTR from = (at + 0xffff) & ~ULONG_PTR(0xffff);
            ULONG_PTR to = next < end ? next : end;
            if (from < to && VirtualAlloc(reinterpret_cast<void *>(from), to - from, MEM_RESERVE, PAGE_NOACCESS))
                blocks++;
        }
        at = next;
    }
    return blocks;
}

/* What of a file that is no file was opened. */
static volatile LONG64 opened;

static DWORD WINAPI serve_always(void *name)
{
    for (;;) {
        HANDLE pipe = CreateNamedPipeA(static_cast<char *>(name), PIPE_ACCESS_DUPLEX, PIPE_TYPE_BYTE, PIPE_UNLIMITED_INSTANCES, 512, 512, 0, nullptr);
        if (ConnectNamedPipe(pipe, nullptr) || GetLastError() == ERROR_PIPE_CONNECTED)
            InterlockedIncrement64(&opened);
        CloseHandle(pipe);
    }
}

/* Says of the program that it was loaded from a pipe, behind which it waits itself. */
static void lie(const char *path)
{
    static char name[256];
    static wchar_t wide[256];
    snprintf(name, sizeof name, "%s", path);
    int length = MultiByteToWideChar(CP_ACP, 0, name, -1, wide, 256) - 1;
    CreateThread(nullptr, 0, serve_always, name, 0, nullptr);
    LIST_ENTRY *first = NtCurrentTeb()->ProcessEnvironmentBlock->Ldr->InMemoryOrderModuleList.Flink;
    auto module = CONTAINING_RECORD(first, LDR_DATA_TABLE_ENTRY, InMemoryOrderLinks);
    module->FullDllName.Buffer = wide;
    module->FullDllName.Length = static_cast<USHORT>(2 * length);
    module->FullDllName.MaximumLength = static_cast<USHORT>(2 * length + 2);
}

static HMODULE library;
static unsigned char *squat;
static const SIZE_T squat_size = 0x10000;

static void start(LPTHREAD_START_ROUTINE entry, ULONG_PTR argument, SIZE_T stack)
{
    HANDLE thread = CreateThread(nullptr, stack, entry, reinterpret_cast<void *>(argument), STACK_SIZE_PARAM_IS_A_RESERVATION, nullptr);
    if (!thread)
        exit(3);
    CloseHandle(thread);
}

static void rest()
{
    while (!resting)
        Sleep(1);
    resting = false;
}

static const char *after(const char *line, const char *word)
{
    size_t size = strlen(word);
    return strncmp(line, word, size) ? nullptr : line + size;
}

static void answer(const char *line)
{
    if (after(line, "ask")) {
        printf("value=%d thrown=%lld faults=%lld wrong=%lld flips=%lld\n", value(), thrown, faults, wrong, flips);
    } else if (after(line, "work")) {
        start(work_always, 0, 0);
        puts("working");
    } else if (after(line, "throw")) {
        start(throw_always, 0, 0);
        puts("throwing");
    } else if (after(line, "flip")) {
        start(flip_always, 0, 0);
        puts("flipping");
    } else if (const char *depth = after(line, "dive ")) {
        start(dive, static_cast<ULONG_PTR>(atoi(depth)), SIZE_T(64) << 20);
        rest();
        puts("deep");
    } else if (const char *depth = after(line, "wide ")) {
        start(dive_wide, static_cast<ULONG_PTR>(atoi(depth)), (SIZE_T(atoi(depth)) + 16) * 66000);
        rest();
        puts("wide");
    } else if (after(line, "wake")) {
        SetEvent(wake);
        puts("woken");
    } else if (after(line, "park")) {
        park();
        puts("parked");
    } else if (after(line, "resume")) {
        printf("%d\n", resume());
    } else if (after(line, "hook")) {
        hook();
        puts("hooked");
    } else if (after(line, "unhook")) {
        write_entry(original);
        puts("unhooked");
    } else if (const char *name = after(line, "lie ")) {
        lie(name);
        puts("lying");
    } else if (after(line, "opened")) {
        printf("%lld\n", opened);
    } else if (after(line, "fill")) {
        printf("%d\n", fill());
    } else if (const char *path = after(line, "load ")) {
        library = LoadLibraryA(path);
        printf("%p\n", static_cast<void *>(library));
    } else if (after(line, "call")) {
        auto plug = reinterpret_cast<int (*)(int)>(reinterpret_cast<void *>(GetProcAddress(library, "plug")));
        printf("%d\n", plug ? plug(1) : -1);
    } else if (after(line, "unload")) {
        void *base = library;
        BOOL freed = FreeLibrary(library);
        printf("%d %d\n", freed, GetModuleHandleA("plug.dll") == nullptr && base);
    } else if (const char *base = after(line, "squat ")) {
        auto at = reinterpret_cast<void *>(strtoull(base, nullptr, 16));
        squat = static_cast<unsigned char *>(VirtualAlloc(at, squat_size, MEM_RESERVE | MEM_COMMIT, PAGE_READWRITE));
        if (squat)
            memset(squat, 0x55, squat_size);
        puts(squat ? "squatting" : "no room");
    } else if (after(line, "look")) {
        SIZE_T same = 0;
        while (same < squat_size && squat[same] == 0x55)
            same++;
        puts(same == squat_size ? "untouched" : "touched");
    } else {
        puts("what?");
    }
    fflush(stdout);
}

int main()
{
    static char line[1024];
    wake = CreateEventA(nullptr, TRUE, FALSE, nullptr);
    puts("ready");
    fflush(stdout);
    while (fgets(line, sizeof line, stdin)) {
        line[strcspn(line, "\r\n")] = 0;
        answer(line);
    }
    return 0;
}
