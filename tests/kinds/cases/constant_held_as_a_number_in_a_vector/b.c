volatile int two = 2, count;
static double last;
int init(int i);
void set(double value, int n) { last = value; count += n; }
int start(void) {
  union { double number; const int *at; } both;
  int first = init(two);
  both.number = last;
  return first + *both.at;
}
