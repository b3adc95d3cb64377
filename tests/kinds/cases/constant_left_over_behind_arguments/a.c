#ifdef NEW
#define V(old, new) new
#else
#define V(old, new) old
#endif
static const int limits[4] = { 1, 2, V(3, 30), 4 };
int note(int n);
int work(int i) {
  int found = limits[i];
  __asm__ volatile("" : : "d"(limits + i));
  return note(i) + found;
}
