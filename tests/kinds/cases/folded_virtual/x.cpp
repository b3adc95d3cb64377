#define APART __attribute__((noinline))
volatile int seed = 5;
struct Base { virtual int get(int n) = 0; };
struct First : Base { int get(int n) override; };
struct Second : Base { int get(int n) override; };
int First::get(int n) { return n * 3 + seed; }
#ifdef NEW
int Second::get(int n) { return n * 3 + seed + 40; }
#else
int Second::get(int n) { return n * 3 + seed; }
#endif
First first;
Second second;
Base *volatile list[2] = { &first, &second };
extern "C" void _purecall() {}
extern "C" int start() { return list[0]->get(seed) + list[1]->get(seed); }
