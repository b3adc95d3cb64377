#ifdef NEW
#define OLD_NEW(a, b) b
#else
#define OLD_NEW(a, b) a
#endif
#define NOINLINE __attribute__((noinline))
char odd[8] = {1, 2, 3, 4};
__attribute__((aligned(32))) long long buffer[8] = {1};
typedef long long vec __attribute__((vector_size(16)));
NOINLINE void fill(long long c) { vec v = { c, c + OLD_NEW(0, 1) }; for (int i = 0; i < 4; i++) ((vec *)buffer)[i] = v; }
int start(void) { fill(3); return buffer[2] + odd[1]; }
