/* What a C runtime would bring: the little that the linker and the compiler ask for. */
volatile int sink;
int _fltused;
void *opaque(void *place) { sink ^= 1; return place; }
int _purecall(void) { return sink; }
/* /delayload asks for the helper that loads the module on the first call. */
void *__delayLoadHelper2(const void *descriptor, void **slot) { return sink ? slot : (void *)descriptor; }

unsigned _tls_index;
__attribute__((section(".tls"))) char _tls_start = 0;
__attribute__((section(".tls$ZZZ"))) char _tls_end = 0;
static const void *const no_callbacks[1] = {0};
const struct {
    const void *start, *end, *index, *callbacks;
    unsigned zeros, characteristics;
} _tls_used = {&_tls_start, &_tls_end, &_tls_index, no_callbacks, 0, 0};

/* Control flow guard checks indirect calls through these; support.s has the table. */
static void check(void *target) { sink += (int)(long long)target; }
void *const __guard_check_icall_fptr = (void *)check;
void *const __guard_dispatch_icall_fptr = (void *)check;
