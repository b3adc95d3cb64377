#ifdef NEW
#define V(old, new) new
#else
#define V(old, new) old
#endif
#define NI __attribute__((noinline))
static const int limits[4] = { 1, 2, V(3, 30), 4 };
volatile int two = 2;
static unsigned char bytes[8];
NI void keep(int i) {
  unsigned long long address = (unsigned long long)(limits + i);
  for (int n = 0; n < 8; n++) bytes[n] = address >> (8 * n);
}
NI int use(void) {
  unsigned long long address = 0;
  for (int n = 7; n >= 0; n--) address = address << 8 | bytes[n];
  return *(const int *)address;
}
int start(void) {
  keep(two);
  return use();
}
