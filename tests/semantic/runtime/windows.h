/* Runs all parts once for each `r` on standard input and answers `i` with the process id.
 * Needs nothing but kernel32, so that it is the same for both ABIs. */
#include "semantic.h"

__declspec(dllimport) void *__stdcall GetStdHandle(unsigned which);
__declspec(dllimport) int __stdcall ReadFile(void *file, void *to, unsigned room, unsigned *got, void *overlapped);
__declspec(dllimport) int __stdcall WriteFile(void *file, const void *from, unsigned size, unsigned *written, void *overlapped);
__declspec(dllimport) unsigned __stdcall GetCurrentProcessId(void);
__declspec(dllimport) void __stdcall ExitProcess(unsigned code);

static char text[16384];
static unsigned length, sum;

#include "answer.h"

static void flush(void) {
    unsigned written;
    text[length++] = '\n';
    WriteFile(GetStdHandle((unsigned)-11), text, length, &written, 0);
    length = 0;
}

void run_all(int round);

void start(void) {
    void *in = GetStdHandle((unsigned)-10);
    char byte;
    unsigned got;
    int round = 0;
    while (ReadFile(in, &byte, 1, &got, 0) && got == 1) {
        if (byte == 'r') {
            run_all(++round);
            flush();
        } else if (byte == 'i') {
            put_number((int)GetCurrentProcessId());
            flush();
        }
    }
    ExitProcess(sum & 63);
}

int _fltused;
#include "memory.h"
