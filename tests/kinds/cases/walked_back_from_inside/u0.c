#ifdef NEW
#line 1
#include "semantic.h"

/* p4 */
NOINLINE int p4_last(int count);
NOINLINE int p4_back(const int *at, const int *start);
NOINLINE int p4_both(void);
EXPORT int p4_run(int round);
static const int p4_before[4] = { 1, 2, 3, 4 };
static const int p4_table[6] = { 18, 8, 5 };
static const int p4_behind[3] = { 9, 8, 7 };
static int p4_sum;
NOINLINE int p4_last(int count)
{
    const int *at = p4_table + 6;
    int sum = 0;
    while (count-- > 0) {
        sum = sum * 3 + *--at;
    }
    return sum + 1;
}
NOINLINE int p4_back(const int *at, const int *start)
{
    int sum = 0;
    while (at != start) {
        sum = sum * 5 + *--at;
    }
    return sum;
}
NOINLINE int p4_both(void)
{
    return p4_back(p4_before + 4, p4_before) ^ p4_back(p4_behind + 3, p4_behind);
}
EXPORT int p4_run(int round)
{
    p4_sum += p4_last(hidden(6));
    emit(p4_sum);
    return p4_both() + p4_last(hidden(round)) + p4_table[hidden(1)];
}
#else
#line 1
#include "semantic.h"

/* p4 */
NOINLINE int p4_last(int count);
NOINLINE int p4_back(const int *at, const int *start);
NOINLINE int p4_both(void);
EXPORT int p4_run(int round);
static const int p4_before[4] = { 1, 2, 3, 4 };
static const int p4_table[6] = { 18, 7, 5 };
static const int p4_behind[3] = { 9, 8, 7 };
static int p4_sum;
NOINLINE int p4_last(int count)
{
    const int *at = p4_table + 6;
    int sum = 0;
    while (count-- > 0) {
        sum = sum * 3 + *--at;
    }
    return sum + 1;
}
NOINLINE int p4_back(const int *at, const int *start)
{
    int sum = 0;
    while (at != start) {
        sum = sum * 5 + *--at;
    }
    return sum;
}
NOINLINE int p4_both(void)
{
    return p4_back(p4_before + 4, p4_before) ^ p4_back(p4_behind + 3, p4_behind);
}
EXPORT int p4_run(int round)
{
    p4_sum += p4_last(hidden(6));
    emit(p4_sum);
    return p4_both() + p4_last(hidden(round)) + p4_table[hidden(1)];
}
#endif
