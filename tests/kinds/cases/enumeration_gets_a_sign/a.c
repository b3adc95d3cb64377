#ifdef NEW
enum level : signed char { LOW, HIGH = 100 };
#else
enum level : unsigned char { LOW, HIGH = 100 };
#endif
struct item { enum level level; } item;
__attribute__((noinline)) void set(int value) { item.level = value; }
__attribute__((noinline)) int get(void) { return (int)item.level; }
volatile int much = 200;
int start(void) {
  set(much);
  return get() < 0;
}
