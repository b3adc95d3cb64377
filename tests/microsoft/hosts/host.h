/* What the programs that load one of Microsoft's or Intel's modules share: threads that use
 * the module without end and compare what it answers, and requests, a line on standard input
 * and a line on standard output each.
 *
 *     round   what one round of everything answers, as a digest
 *     busy    how many rounds the threads have done since the last time, and how many of them
 *             were wrong; waits until each has done two */
#include "../../live/requests.h"
#include <stdint.h>
#include <stdlib.h>

/* One round of everything with the numbers of a seed; a digest of all answers. */
static uint64_t one_round(uint32_t seed);

static const uint64_t EMPTY = 0xcbf29ce484222325u;
static uint64_t digest(uint64_t value, const void *bytes, size_t length) {
    const uint8_t *b = bytes;
    for (size_t i = 0; i < length; i++)
        value = (value ^ b[i]) * 0x100000001b3u;
    return value;
}
static uint32_t next_random(uint64_t *state) {
    *state = *state * 6364136223846793005u + 1442695040888963407u;
    return (uint32_t)(*state >> 33);
}

#ifndef WORKERS
#define WORKERS 2
#endif
/* All functions of the module can be moved when nobody is in it: how long a thread does something
 * else after each round, in milliseconds. */
#ifndef REST
#define REST 5
#endif
static volatile LONG done[WORKERS], wrong;
static uint64_t expected[WORKERS];

static DWORD WINAPI work(void *number) {
    size_t n = (size_t)number;
    for (;;) {
        if (one_round(100 + n) != expected[n])
            InterlockedIncrement(&wrong);
        InterlockedIncrement(&done[n]);
        Sleep(REST);
    }
}

static void answer_round(void) {
    printf("%016llx\n", (unsigned long long)one_round(7));
}

static void answer_busy(void) {
    LONG all = 0;
    for (int n = 0; n < WORKERS; n++) {
        for (LONG before = done[n]; done[n] < before + 2;)
            Sleep(5);
        all += InterlockedExchange(&done[n], 0);
    }
    printf("%ld rounds, %ld wrong\n", all, InterlockedExchange(&wrong, 0));
}

static int serve_module(void) {
    static const struct request requests[] = {
        {"round", answer_round}, {"busy", answer_busy}, {NULL, NULL}};
    for (size_t n = 0; n < WORKERS; n++)
        expected[n] = one_round(100 + n);
    for (size_t n = 0; n < WORKERS; n++)
        CloseHandle(CreateThread(NULL, 0, work, (void *)n, 0, NULL));
    return serve(requests);
}
