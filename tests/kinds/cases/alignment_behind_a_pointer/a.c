#ifdef NEW
#define OLD_NEW(a, b) b
#else
#define OLD_NEW(a, b) a
#endif
#define NOINLINE __attribute__((noinline))
char odd[8] = {1, 2, 3, 4};
#ifdef NEW
__attribute__((aligned(32)))
#endif
struct words { long long w[8]; } buffer = { { 1 } };
typedef int vec __attribute__((vector_size(32)));
#ifdef NEW
__attribute__((target("avx")))
#endif
NOINLINE void fill(void *p, int c) {
#ifdef NEW
  vec v = { c, c, c, c, c, c, c, c };
  for (int i = 0; i < 2; i++) ((vec *)p)[i] = v;
#else
  for (int i = 0; i < 16; i++) ((volatile int *)p)[i] = c;
#endif
}
NOINLINE int call(int c) { fill(&buffer, c); return buffer.w[1] != 0; }
int start(void) { return call(3) + odd[1]; }
