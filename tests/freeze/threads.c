/* threads.exe N: a process with N threads, all but the first of which sleep, and 1,000
 * functions. Prints its PID; the end of its input ends it. */
#include <stdio.h>
#include <stdlib.h>
#include <windows.h>

/* Functions below CHANGED differ from those of the program without a fix. */
#define FUNCTION(i)                                                                      \
    __attribute__((noinline)) static int f##i(int x)                                     \
    {                                                                                    \
        return (x ^ (i * 2654435761u)) % 1021 + ((x >> 3) * (i + 1)) + (i < CHANGED ? 77 : 33); \
    }
#include "functions.h"

static DWORD WINAPI sleep_for_ever(void *depth)
{
    volatile char room[512];
    room[0] = 0;
    if (depth) {
        DWORD result = sleep_for_ever((char *)depth - 1);
        return result + (DWORD)room[0];
    }
    Sleep(INFINITE);
    return 0;
}

int main(int count, char **arguments)
{
    int threads = count > 1 ? atoi(arguments[1]) : 1;
    for (int i = 1; i < threads; i++)
        CreateThread(0, 0, sleep_for_ever, (void *)(ULONG_PTR)(i % 8), 0, 0);
    int sum = 0;
    for (int i = 0; i < 1000; i++)
        sum += functions[i](i);
    printf("%lu %d\n", GetCurrentProcessId(), sum);
    fflush(stdout);
    getchar();
    return 0;
}
