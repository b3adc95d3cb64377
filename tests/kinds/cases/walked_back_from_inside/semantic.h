/* What every file of a generated program begins with. */
#pragma once
#define NOINLINE __attribute__((noinline))
#define ALWAYS inline __attribute__((always_inline))
#ifdef __cplusplus
#define EXPORT extern "C"
#else
#define EXPORT
#endif
/* The model declares the two versions of a method with it. */
#ifdef MODEL
#define VERSIONS(...) __VA_ARGS__
#else
#define VERSIONS(...)
#endif
#ifdef __cplusplus
extern "C" {
#endif
/* Non-zero in the model, once the patch is there. */
extern int version;
/* Adds a number to what the part answers. */
void emit(int number);
#ifdef __cplusplus
}
#endif
/* Returns what it is given; the compiler does not know that. */
static inline int hidden(int number) {
    __asm__ volatile("" : "+r"(number));
    return number;
}
