#ifdef NEW
#define V(old, new) new
#else
#define V(old, new) old
#endif
#define NI __attribute__((noinline))
static const int limits[4] = { 1, 2, V(3, 30), 4 };
void set(double value, int n);
int init(int i) {
  union { double number; const int *at; } both;
  both.at = limits + i;
  set(both.number, i);
  return i + limits[2];
}
int _fltused;
