/* What compilers need of a C runtime. */
typedef __SIZE_TYPE__ size_type;
void *memset(void *to, int value, size_type size) {
    for (volatile char *byte = to; size; size--) {
        *byte++ = (char)value;
    }
    return to;
}
void *memcpy(void *to, const void *from, size_type size) {
    const char *source = from;
    for (volatile char *byte = to; size; size--) {
        *byte++ = *source++;
    }
    return to;
}

#ifdef THREAD_LOCALS
/* What a C runtime would bring for thread-local storage. */
unsigned _tls_index;
__attribute__((section(".tls"))) char _tls_start = 0;
__attribute__((section(".tls$ZZZ"))) char _tls_end = 0;
static const void *const no_callbacks[1] = {0};
const struct {
    const void *start, *end, *index, *callbacks;
    unsigned zeros, characteristics;
} _tls_used = {&_tls_start, &_tls_end, &_tls_index, no_callbacks, 0, 0};
#endif
#if defined(_MSC_VER)
/* Run-time type information leads to the table of virtual functions of `type_info`. */
__asm__(".section .rdata,\"dr\"\n"
        ".globl \"??_7type_info@@6B@\"\n"
        "\"??_7type_info@@6B@\": .quad 0, 0\n"
        ".text\n");
#endif
#ifdef EXCEPTIONS
#ifdef _MSC_VER
/* operator delete(void *, unsigned __int64): nothing is ever allocated. */
__asm__(".text\n"
        ".globl \"??3@YAXPEAX_K@Z\"\n"
        "\"??3@YAXPEAX_K@Z\": ret\n");
#else
/* mingw's runtime has its own behind the entry that it brings, which is not used. */
int atexit(void (*function)(void)) {
    (void)function;
    return 0;
}
#endif
#endif
