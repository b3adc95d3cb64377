#ifdef NEW
#define V(old, new) new
#else
#define V(old, new) old
#endif
#define NI __attribute__((noinline))
static const int limits[4] = { 1, 2, V(3, 30), 4 };
volatile int two = 2;
static _Alignas(16) struct { const int *at; long long tag; } last;
NI int init(int i) {
  unsigned __int128 value = (unsigned long long)(limits + i) | (unsigned __int128)7 << 64;
  __atomic_store_n((unsigned __int128 *)&last, value, 5);
  return i;
}
int start(void) { return init(two) + *last.at; }
