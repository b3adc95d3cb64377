/* Answers one request for each line of input. Needs nothing but kernel32, so that it is the
 * same for both ABIs. */
#include "harness.h"

__declspec(dllimport) void *__stdcall GetStdHandle(unsigned which);
__declspec(dllimport) int __stdcall ReadFile(void *file, void *to, unsigned room, unsigned *got, void *overlapped);
__declspec(dllimport) int __stdcall WriteFile(void *file, const void *from, unsigned size, unsigned *written, void *overlapped);
__declspec(dllimport) unsigned __stdcall GetCurrentProcessId(void);
__declspec(dllimport) void __stdcall ExitProcess(unsigned code);

static char text[4096];
static unsigned length;

void put(const char *more) {
    while (*more && length < sizeof text - 2) {
        text[length++] = *more++;
    }
}

void put_number(long long number) {
    char digits[24];
    int at = sizeof digits - 1;
    u64 rest = number < 0 ? 0 - (u64)number : (u64)number;
    digits[at] = 0;
    do {
        digits[--at] = (char)('0' + rest % 10);
        rest /= 10;
    } while (rest);
    if (number < 0) {
        digits[--at] = '-';
    }
    put(digits + at);
}

static void flush(void) {
    unsigned written;
    text[length++] = '\n';
    WriteFile(GetStdHandle((unsigned)-11), text, length, &written, 0);
    length = 0;
}

void *opaque(void *pointer) {
    __asm__ volatile("" : "+r"(pointer));
    return pointer;
}

int hidden(int number) {
    __asm__ volatile("" : "+r"(number));
    return number;
}

static void serve(void) {
    void *in = GetStdHandle((unsigned)-10);
    char byte;
    unsigned got;
    int request = 0;
    put_number(GetCurrentProcessId());
    flush();
    while (ReadFile(in, &byte, 1, &got, 0) && got == 1) {
        if (byte == '\n') {
            answer(++request);
            flush();
        }
    }
    ExitProcess(0);
}

#ifdef MSVC_ABI
/* What a C runtime would bring: thread-local storage, the cookie, and an entry. */
int _fltused;
u64 __security_cookie = 0x2b992ddfa232;
void __security_check_cookie(u64 cookie) {
    if (cookie != __security_cookie) {
        ExitProcess(99);
    }
}
unsigned _tls_index;
__attribute__((section(".tls"))) char _tls_start = 0;
__attribute__((section(".tls$ZZZ"))) char _tls_end = 0;
static const void *const no_callbacks[1] = {0};
const struct {
    const void *start, *end, *index, *callbacks;
    unsigned zeros, characteristics;
} _tls_used = {&_tls_start, &_tls_end, &_tls_index, no_callbacks, 0, 0};
/* Run-time type information leads to the table of virtual functions of `type_info`. */
__asm__(".section .rdata,\"dr\"\n"
        ".globl \"??_7type_info@@6B@\"\n"
        "\"??_7type_info@@6B@\": .quad 0, 0\n"
        ".text\n"
        /* operator delete(void *, unsigned __int64): nothing is ever allocated. */
        ".globl \"??3@YAXPEAX_K@Z\"\n"
        "\"??3@YAXPEAX_K@Z\": ret\n");
void entry(void) { serve(); }
#else
int main(void) {
    serve();
    return 0;
}
#endif
