#ifdef NEW
#define OLD_NEW(a, b) b
#else
#define OLD_NEW(a, b) a
#endif
#define NOINLINE __attribute__((noinline))
char odd[8] = {1, 2, 3, 4};
#ifdef NEW
__attribute__((aligned(16)))
#endif
struct words { long long w[6]; } buffer = { { 1 } };
typedef long long vec __attribute__((vector_size(16)));
NOINLINE void fill(long long c) {
#ifdef NEW
  vec v = { c, c };
  for (int i = 0; i < 3; i++) ((vec *)buffer.w)[i] = v;
#else
  for (int i = 0; i < 6; i++) ((volatile long long *)buffer.w)[i] = c;
#endif
}
int start(void) { fill(3); return buffer.w[2] + odd[1]; }
