/* What programs of csmith include: arithmetic that is defined for all values, and a sum
 * instead of a check sum. */
#pragma once
#include <limits.h>
#include <stdint.h>

static unsigned csmith_sum;
static inline void csmith_fold(unsigned long long value) {
    csmith_sum = csmith_sum * 31 + (unsigned)(value ^ value >> 32);
}
#define transparent_crc(value, name, flag) csmith_fold((unsigned long long)(value))
#define platform_main_begin() (csmith_sum = 0)
#define platform_main_end(value, flag) ((void)0)
#define printf(...) ((void)0)
#define crc32_gentab() ((void)0)
#define crc32_context 0u

/* Overflow wraps (-fwrapv); what is left are divisors and shifts. */
#define SIGNED(T, MIN) \
    static inline T safe_unary_minus_func_##T##_s(T a) { return (T)-a; } \
    static inline T safe_add_func_##T##_s_s(T a, T b) { return (T)(a + b); } \
    static inline T safe_sub_func_##T##_s_s(T a, T b) { return (T)(a - b); } \
    static inline T safe_mul_func_##T##_s_s(T a, T b) { return (T)(a * b); } \
    static inline T safe_div_func_##T##_s_s(T a, T b) { return b == 0 || (a == MIN && b == -1) ? a : (T)(a / b); } \
    static inline T safe_mod_func_##T##_s_s(T a, T b) { return b == 0 || (a == MIN && b == -1) ? a : (T)(a % b); } \
    static inline T safe_lshift_func_##T##_s_s(T a, int b) { return a < 0 || b < 0 || b > 31 ? a : (T)(a << b); } \
    static inline T safe_lshift_func_##T##_s_u(T a, unsigned b) { return a < 0 || b > 31 ? a : (T)(a << b); } \
    static inline T safe_rshift_func_##T##_s_s(T a, int b) { return a < 0 || b < 0 || b > 31 ? a : (T)(a >> b); } \
    static inline T safe_rshift_func_##T##_s_u(T a, unsigned b) { return a < 0 || b > 31 ? a : (T)(a >> b); }
#define UNSIGNED(T) \
    static inline T safe_unary_minus_func_##T##_u(T a) { return (T)-a; } \
    static inline T safe_add_func_##T##_u_u(T a, T b) { return (T)(a + b); } \
    static inline T safe_sub_func_##T##_u_u(T a, T b) { return (T)(a - b); } \
    static inline T safe_mul_func_##T##_u_u(T a, T b) { return (T)((unsigned long long)a * b); } \
    static inline T safe_div_func_##T##_u_u(T a, T b) { return b == 0 ? a : (T)(a / b); } \
    static inline T safe_mod_func_##T##_u_u(T a, T b) { return b == 0 ? a : (T)(a % b); } \
    static inline T safe_lshift_func_##T##_u_s(T a, int b) { return b < 0 || b > 31 ? a : (T)(a << b); } \
    static inline T safe_lshift_func_##T##_u_u(T a, unsigned b) { return b > 31 ? a : (T)(a << b); } \
    static inline T safe_rshift_func_##T##_u_s(T a, int b) { return b < 0 || b > 31 ? a : (T)(a >> b); } \
    static inline T safe_rshift_func_##T##_u_u(T a, unsigned b) { return b > 31 ? a : (T)(a >> b); }
SIGNED(int8_t, INT8_MIN)
SIGNED(int16_t, INT16_MIN)
SIGNED(int32_t, INT32_MIN)
SIGNED(int64_t, INT64_MIN)
UNSIGNED(uint8_t)
UNSIGNED(uint16_t)
UNSIGNED(uint32_t)
UNSIGNED(uint64_t)
