/* Functions that say which version of them runs. `V_name` is the version; 0 where the
 * compiler was not told another. */
#pragma once

/* So small that a jump to anywhere doesn't fit. Without padding in front. */
#define SMALL(name)                                                                           \
    __attribute__((naked, noinline)) unsigned char name(void)

#define TEXT_OF(text) #text
#define QUOTE(text) TEXT_OF(text)
#define ANSWER(version) __asm__("movb $" QUOTE(version) ", %al\n ret")

/* Long enough for any redirect; ten times its argument and the version. */
#define MEDIUM(name) __attribute__((noinline, aligned(16))) int name(int x)

extern volatile int ten;
extern void *may_leave, *is_in;

unsigned char s0(void), s1(void), s2(void), s3(void), s4(void), s5(void);
int m0(int), m1(int), m2(int), m3(int), m4(int), m5(int), w0(int), w1(int);

#ifndef V_s0
#define V_s0 0
#endif
#ifndef V_s1
#define V_s1 0
#endif
#ifndef V_s2
#define V_s2 0
#endif
#ifndef V_s3
#define V_s3 0
#endif
#ifndef V_s4
#define V_s4 0
#endif
#ifndef V_s5
#define V_s5 0
#endif
#ifndef V_m0
#define V_m0 0
#endif
#ifndef V_m1
#define V_m1 0
#endif
#ifndef V_m2
#define V_m2 0
#endif
#ifndef V_m3
#define V_m3 0
#endif
#ifndef V_m4
#define V_m4 0
#endif
#ifndef V_m5
#define V_m5 0
#endif
#ifndef V_w0
#define V_w0 0
#endif
#ifndef V_w1
#define V_w1 0
#endif
#ifndef V_z0
#define V_z0 0
#endif
#ifndef V_z1
#define V_z1 0
#endif
#ifndef V_z2
#define V_z2 0
#endif
#ifndef V_d0
#define V_d0 0
#endif
#ifndef V_d1
#define V_d1 0
#endif
#ifndef V_d2
#define V_d2 0
#endif
