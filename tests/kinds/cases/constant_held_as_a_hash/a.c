#ifdef NEW
#define V(old, new) new
#else
#define V(old, new) old
#endif
#define NI __attribute__((noinline))
static const int limits[4] = { 1, 2, V(3, 30), 4 };
volatile int two = 2;
static unsigned buckets[64];
NI unsigned hash(const void *p) {
  unsigned long long value = (unsigned long long)p;
  value = (value ^ value >> 32) * 0x9E3779B97F4A7C15ull;
  return value >> 58;
}
NI int init(int i) { buckets[hash(limits)] = i; return i; }
int start(void) { return init(two) + (int)buckets[hash(limits)] + limits[2]; }
