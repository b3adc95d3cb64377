#ifdef NEW
#define V(old, new) new
#else
#define V(old, new) old
#endif
#define NI __attribute__((noinline))
static const int limits[4] = { 1, 2, V(3, 30), 4 };
volatile int two = 2;
static unsigned long long key = 0x5555, hidden;
NI void keep(int i) { hidden = (unsigned long long)(limits + i) ^ key; }
int start(void) {
  keep(two);
  return *(const int *)(hidden ^ key);
}
