#ifdef NEW
enum level { LOST = -1, LOW, HIGH };
#else
enum level { LOW, HIGH };
#endif
struct item { enum level level; } item;
__attribute__((noinline)) void set(int value) { item.level = value ? HIGH : LOW; }
#ifdef NEW
__attribute__((noinline)) int get(void) { return item.level == HIGH ? 7 : item.level == LOST; }
#else
__attribute__((noinline)) int get(void) { return item.level == HIGH; }
#endif
volatile int one = 1;
int start(void) {
  set(one);
  return get();
}
