struct item { int id; int pad; long long value; };
static struct item other[2];
__attribute__((noinline)) long long other_value(int k) { return other[k & 1].value; }
long long first_value(void); void keep(void *);
int start(void) { keep(other); return first_value() + other_value(1); }
