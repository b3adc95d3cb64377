struct color { float r, g, b, a; };
#ifdef NEW
extern __attribute__((aligned(16))) struct color front, back;
#else
extern struct color front, back;
#endif
int _fltused;
__attribute__((noinline)) int paint(int n) {
  back = front;
  return ((int *)&back)[n] >> 20;
}
volatile int which = 1;
int start(void) { return paint(which); }
