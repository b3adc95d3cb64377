typedef int (*step)(int);
#define STEP(name) __attribute__((section("steps$m"), used)) static const step in_list_##name = name
static int twice(int v) { return v * 2; }
STEP(twice);
int thrice(int v) { return v * 3; }
#ifdef NEW
STEP(thrice);
#endif
