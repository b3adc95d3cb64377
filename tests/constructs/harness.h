/* What every case has: a function that answers requests, and the little that it needs.
 *
 * A case is compiled twice, with FIX 0 and FIX 1. The comments at its top say what must
 * happen (see main.rs). */
#pragma once

#ifdef __cplusplus
#define C_LINKAGE extern "C"
#else
#define C_LINKAGE extern
#endif

#define NOINLINE __attribute__((noinline))

typedef unsigned long long u64;

/* Appends to the answer. */
C_LINKAGE void put(const char *text);
C_LINKAGE void put_number(long long number);
/* Returns what it is given; the compiler does not know that. */
C_LINKAGE void *opaque(void *pointer);
C_LINKAGE int hidden(int number);

/* The case itself: answers one request. */
C_LINKAGE void answer(int request);
