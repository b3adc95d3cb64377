/* What every generated program is linked with: the things it calls, and the little that
   the compiler expects of a runtime. Nothing of it ever runs. */

typedef unsigned long long size_type;

static volatile unsigned long long sunk;

void sink_text(const char *text) { sunk += (size_type)text; }
void sink_blob(const void *bytes, unsigned length) { sunk += (size_type)bytes + length; }
int sum_of(const int *from, const int *to) {
    int sum = 0;
    while (from != to) {
        sum = sum * 31 + *from++;
    }
    return sum;
}
void sink_pointer(void *place) { sunk += (size_type)place; }
void sink_wide(unsigned long long value) { sunk ^= value; }
int sink_int(int value) { sunk -= value; return (int)sunk; }
int apply(int (*function)(int, int), int value) { return function(value, 3); }
void *opaque(void *place) { sunk ^= 1; return place; }
__attribute__((cold)) void report(int a, int b) { sunk += a * b; }
__attribute__((noreturn)) void failed(const char *text, int line)
{
    sunk += (size_type)text + line;
    for (;;)
        ;
}

void *memset(void *to, int value, size_type length)
{
    for (volatile char *p = to; length--; p++)
        *p = (char)value;
    return to;
}

void *memcpy(void *to, const void *from, size_type length)
{
    volatile char *p = to;
    for (const char *q = from; length--;)
        *p++ = *q++;
    return to;
}

void *memmove(void *to, const void *from, size_type length) { return memcpy(to, from, length); }

int start(void) { return (int)sunk; }

/* Delay-loaded imports, and checked indirect calls. */
void *__delayLoadHelper2(const void *of, void **slot) { return sunk ? slot : (void *)of; }
static void check_target(void) { sunk++; }
void *const __guard_check_icall_fptr = (void *)check_target;
void *const __guard_dispatch_icall_fptr = (void *)check_target;

/* Thread-local variables. */
unsigned _tls_index;
__attribute__((section(".tls"))) char _tls_start = 0;
__attribute__((section(".tls$ZZZ"))) char _tls_end = 0;
static const void *const no_callbacks[1] = { 0 };
const struct {
    const void *start, *end, *index, *callbacks;
    unsigned zeros, characteristics;
} _tls_used = { &_tls_start, &_tls_end, &_tls_index, no_callbacks, 0, 0 };

/* C++: exceptions, run-time type information, pure virtual functions. */
int thrown(void) { return (int)sunk; }
#ifdef _MSC_VER
int _fltused;
int __C_specific_handler(void) { return thrown(); }
int __CxxFrameHandler3(void) { return thrown() + 1; }
void _CxxThrowException(void *object, void *info) { sunk += (size_type)object ^ (size_type)info; }
void __std_terminate(void) { sunk += 4; }
void _purecall(void) { sunk += 5; }
void *type_info_vtable[4] __asm__("??_7type_info@@6B@");
#else
void __main(void) {}
int __gxx_personality_seh0(void) { return thrown() + 2; }
void *__cxa_allocate_exception(size_type size) { return (void *)(size + sunk); }
void __cxa_throw(void *object, void *type, void *destroy)
{
    sunk += (size_type)object + (size_type)type + (size_type)destroy;
}
void *__cxa_begin_catch(void *object) { sunk++; return object; }
void __cxa_end_catch(void) { sunk--; }
void __cxa_rethrow(void) { sunk -= 2; }
void _Unwind_Resume(void *object) { sunk += (size_type)object * 3; }
void std_terminate(void) __asm__("_ZSt9terminatev");
void std_terminate(void) { sunk += 6; }
void __cxa_pure_virtual(void) { sunk += 7; }
void *_ZTIi[2];
void *class_type_info[4] __asm__("_ZTVN10__cxxabiv117__class_type_infoE");
void *si_class_type_info[4] __asm__("_ZTVN10__cxxabiv120__si_class_type_infoE");
#endif
